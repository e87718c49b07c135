// SPDX-License-Identifier: Apache-2.0
// When groups tick: at k * interval + offset, where the offset comes from a hash of file and name,
// exactly as in Prometheus, so that replicas (and a Prometheus) evaluate at the same times.
//
//   Scheduler scheduler(clock, 4);
//   scheduler.Add(group, [&](absl::Time t) { RunTick(*group, t, context); });
//   scheduler.Remove({&group});   // waits for a running tick
//
// One thread per group waits for the slots; at most `max_concurrent` of them tick at a time.
// A slot that passes while the group's previous tick runs is skipped and counted as missed.
// Threads: all functions may be called from any thread, but not from a tick.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace sloburn::rules {

class RuleGroup;

// In [0, interval).
absl::Duration SlotOffset(std::string_view file, std::string_view name, absl::Duration interval);

// The last slot at or before `now`.
absl::Time SlotBefore(const RuleGroup& group, absl::Time now);

// The first slot after `now`.
absl::Time SlotAfter(const RuleGroup& group, absl::Time now);

class Scheduler {
 public:
  using Tick = std::function<void(absl::Time eval_time)>;

  Scheduler(Clock& clock, int max_concurrent);
  ~Scheduler();  // stops everything
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Starts a thread whose first tick is that of the next slot, or of `first`. `group` must outlive
  // its removal.
  void Add(RuleGroup& group, Tick tick, std::optional<absl::Time> first = std::nullopt);

  // Stops the groups' threads; ticks that run are waited for. Unknown groups are ignored.
  void Remove(const std::vector<const RuleGroup*>& groups);

  void StopAll();

 private:
  struct Worker {
    std::atomic<bool> stop{false};
    std::thread thread;
  };

  using Workers = std::map<const RuleGroup*, std::unique_ptr<Worker>>;

  void End(const Workers& workers);
  // Ticks at `slot` and every interval after it.
  void Run(RuleGroup& group, absl::Time slot, const Tick& tick, const std::atomic<bool>& stop);
  void RunOne(const Tick& tick, absl::Time slot, const std::atomic<bool>& stop);

  Clock& clock_;
  const int max_concurrent_;
  absl::Mutex mutex_;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  Workers workers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn::rules
