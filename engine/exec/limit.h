// SPDX-License-Identifier: Apache-2.0
// limitk and limit_ratio: some samples of each group, chosen without looking at their values.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// Per group and step the first k samples in the order of the input.
OperatorPtr MakeLimitK(OperatorPtr input, OperatorPtr param, const PlanNode& node,
                       const TimeRange& range, ExecContext& context);

// The share of series that `param` says, chosen by the hash of their labels: a series is always in
// or always out, and limit_ratio(r) and limit_ratio(-(1-r)) complement each other.
OperatorPtr MakeLimitRatio(OperatorPtr input, OperatorPtr param, const PlanNode& node,
                           const TimeRange& range, ExecContext& context);

}  // namespace sloburn::engine
