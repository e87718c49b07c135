// SPDX-License-Identifier: Apache-2.0
// Which of the planner's passes run. Only those that save work are here: values are the same to the
// bit without them, but for sums over chunks (docs/exactness.md), which tests prove by switching
// them off. Passes that PromQL's meaning depends on always run.
#pragma once

namespace sloburn::engine {

struct PlanOptions {
  // What is pinned by @ is evaluated at the first step only. Without: only where its meaning depends
  // on that (step_invariance.h).
  bool step_invariance = true;
  bool sliding_windows = true;  // all windows of a series in one pass, where the function has that

  // Long windows are not read sample by sample, where the function allows.
  enum class ChunkSummaries { kNever, kWhereCheaper, kAlways };
  ChunkSummaries chunk_summaries = ChunkSummaries::kWhereCheaper;

  static PlanOptions NoPasses() {
    PlanOptions options;
    options.step_invariance = false;
    options.sliding_windows = false;
    options.chunk_summaries = ChunkSummaries::kNever;
    return options;
  }
};

}  // namespace sloburn::engine
