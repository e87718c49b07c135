// SPDX-License-Identifier: Apache-2.0
// A function of a range vector: slides a window along each series and applies the function's
// kernel at every step.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// REQUIRES: node is a Call whose function is a WindowFunction.
absl::StatusOr<OperatorPtr> MakeRangeFunction(const PlanNode& node, const TimeRange& range,
                                              ExecContext& context);

// absent_over_time: one series, 1 where no series of the argument has a sample in its window.
absl::StatusOr<OperatorPtr> MakeAbsentOverTime(const PlanNode& node, const TimeRange& range,
                                               ExecContext& context);

}  // namespace sloburn::engine
