// SPDX-License-Identifier: Apache-2.0
// topk and bottomk: per group and step the k largest (smallest) samples, with their own labels.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/model/time_range.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

OperatorPtr MakeTopK(OperatorPtr input, OperatorPtr param, const PlanNode& node,
                     const TimeRange& range, ExecContext& context);

}  // namespace sloburn::engine
