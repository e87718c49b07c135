// SPDX-License-Identifier: Apache-2.0
// Function calls: picks the operator for the shape of the function.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

absl::StatusOr<OperatorPtr> MakeCall(const PlanNode& node, const TimeRange& range,
                                     ExecContext& context);

}  // namespace sloburn::engine
