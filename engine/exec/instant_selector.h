// SPDX-License-Identifier: Apache-2.0
// `name{...}`: at each step the newest sample of the last lookback delta, unless it is a
// staleness marker. Decodes each series once and slides along it.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// kTimestamp yields the sample's own time in seconds (the function timestamp()).
enum class SelectorOutput { kValue, kTimestamp, kStartTimestamp };

absl::StatusOr<OperatorPtr> MakeInstantSelector(const PlanNode& node, const TimeRange& range,
                                                ExecContext& context, SelectorOutput output);

}  // namespace sloburn::engine
