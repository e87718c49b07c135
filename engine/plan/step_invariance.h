// SPDX-License-Identifier: Apache-2.0
// Which parts of a query have the same value at every step, because every selector in them is
// pinned by @: these are evaluated once (Prometheus' PreprocessExpr).
//
// That saves work, and for some it is what they mean: sort, topk and limits order their series where
// they are evaluated at one step, and an aggregation over something pinned takes its parameter at
// the first step, even where the parameter changes. Parameters have no invariant parts.
#pragma once

#include <vector>

#include "engine/plan/plan.h"

namespace sloburn::engine {

enum class InvariantParts { kAll, kWhereMeaningDepends };

// Sets at_moves, and is_step_invariant on the topmost invariant nodes, of all or of those whose values would
// differ otherwise. `parents_first` lists all nodes of a plan, each before its children.
void MarkStepInvariance(const std::vector<PlanNode*>& parents_first, InvariantParts parts);

}  // namespace sloburn::engine
