// SPDX-License-Identifier: Apache-2.0
// An instant vector selector with the modifier smoothed: values between two samples lie on the line
// between them; after the last sample its value is carried on.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// REQUIRES: node is a VectorSelector with is_smoothed.
absl::StatusOr<OperatorPtr> MakeSmoothedSelector(const PlanNode& node, const TimeRange& range,
                                                 ExecContext& context);

}  // namespace sloburn::engine
