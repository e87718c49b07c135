// SPDX-License-Identifier: Apache-2.0
// info(v, {selector}): adds to each series of v the labels of the info series that have the same
// instance and job.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// REQUIRES: node is a Call of info.
absl::StatusOr<OperatorPtr> MakeInfoJoin(const PlanNode& node, const TimeRange& range,
                                         ExecContext& context);

}  // namespace sloburn::engine
