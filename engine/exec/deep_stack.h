// SPDX-License-Identifier: Apache-2.0
// Room for deep operator trees: generated rules chain thousands of binary operators, each of which
// is one operator within another.
//
//   RETURN_IF_ERROR(RunOnDeepStack(PlanDepth(plan), [&] { return Evaluate(...); }));
//
// Shallow trees run where they are called. Deep ones run in a thread made for them, whose stack
// grows with their depth; memory is taken by the pages really used. The caller waits.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// The number of nodes on the longest path from `root` to a leaf.
size_t PlanDepth(const PlanNode& root);

// ResourceExhausted where the tree is too deep or no thread can be had; otherwise what `run`
// returned.
absl::Status RunOnDeepStack(size_t depth, const std::function<absl::Status()>& run);

}  // namespace sloburn::engine
