// SPDX-License-Identifier: Apache-2.0
// Which parts of a query have the same value at every step, because every selector in them is
// pinned by @: these are evaluated once (Prometheus' PreprocessExpr).
#pragma once

#include <vector>

#include "engine/plan/plan.h"

namespace sloburn::engine {

// Sets is_step_invariant on the topmost invariant nodes. `parents_first` lists all nodes of a
// plan, each before its children.
void MarkStepInvariance(const std::vector<PlanNode*>& parents_first);

}  // namespace sloburn::engine
