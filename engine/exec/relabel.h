// SPDX-License-Identifier: Apache-2.0
// label_replace and label_join: new labels for the same samples.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// REQUIRES: node is a call of label_replace or label_join; all arguments but the first are string
// literals.
absl::StatusOr<OperatorPtr> MakeLabelReplace(const PlanNode& node, OperatorPtr input,
                                             ExecContext& context);
absl::StatusOr<OperatorPtr> MakeLabelJoin(const PlanNode& node, OperatorPtr input,
                                          ExecContext& context);

}  // namespace sloburn::engine
