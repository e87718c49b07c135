// SPDX-License-Identifier: Apache-2.0
// Plan node -> operator, over the steps of `range`.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

absl::StatusOr<OperatorPtr> BuildOperator(const PlanNode& node, const TimeRange& range,
                                          ExecContext& context);

}  // namespace sloburn::engine
