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

  bool chunk_summaries = true;  // long windows are not read sample by sample, where the function allows

  static PlanOptions NoPasses() {
    PlanOptions options;
    options.step_invariance = false;
    options.sliding_windows = false;
    options.chunk_summaries = false;
    return options;
  }
};

}  // namespace sloburn::engine
