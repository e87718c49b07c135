// SPDX-License-Identifier: Apache-2.0
// How long rules and whole ticks took, of all groups together, for /metrics. What removed groups
// took stays counted.
//
// Threads: all functions may be called from any thread.
#pragma once

#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/latency_window.h"

namespace sloburn::rules {

// Of one tick of a group.
struct TickDurations {
  absl::Duration tick;
  std::vector<absl::Duration> rules;
};

struct DurationSummaries {
  LatencySummary rules, ticks;
};

class RuleDurations {
 public:
  void Add(const TickDurations& tick);
  DurationSummaries Summarize() const;

 private:
  mutable absl::Mutex mutex_;
  LatencyWindow rules_ ABSL_GUARDED_BY(mutex_), ticks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn::rules
