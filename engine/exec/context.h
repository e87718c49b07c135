// SPDX-License-Identifier: Apache-2.0
// What every operator of a running query shares: the snapshot, the options, the limits.
// Lives as long as the execution. Used by one thread, but for `cancelled`.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/engine.h"
#include "engine/exec/profile.h"
#include "engine/exec/sample_tally.h"
#include "engine/exec/work_meter.h"
#include "engine/model/annotations.h"

namespace sloburn::engine {

// In Prometheus' words.
absl::Status TooManySamples();
// OK where `options` allow to hold so many samples; otherwise ResourceExhausted.
absl::Status CheckHeld(int64_t samples, const QueryOptions& options);

class ExecContext {
 public:
  ExecContext(const Snapshot& snapshot, const TimeRange& query_range, const QueryOptions& options)
      : snapshot(snapshot),
        query_range(query_range),
        options(options),
        lookback_ms(absl::ToInt64Milliseconds(options.lookback_delta)),
        idle_threads_(options.threads - 1),
        deadline_(absl::Now() + options.timeout),
        meter_(options.cancelled, deadline_) {}

  const Snapshot& snapshot;
  const TimeRange query_range;
  const QueryOptions& options;
  const int64_t lookback_ms;

  // Set where what the operators do is to be explained.
  QueryProfile* profile = nullptr;
  // Null where it is not.
  OperatorProfile* ProfileOf(const PlanNode& node) {
    return profile == nullptr ? nullptr : &profile->Of(node);
  }

  // Set where samples are to be counted.
  SampleTallies* tallies = nullptr;
  // What an operator made now counts into; null where nothing is counted.
  SampleTally* tally() { return tallies == nullptr ? nullptr : tallies->current(); }

  // What the operators have to say about the result.
  Annotations annotations;

  // Counts samples held in memory; ResourceExhausted above the limit.
  absl::Status Hold(int64_t samples);
  void Release(int64_t samples) { held_ -= samples; }
  int64_t peak() const { return peak_; }  // the most that was held

  // How many threads may work on `series` of `steps` each, the caller included. What is taken above
  // one is to be given back.
  int TakeThreads(size_t series, int64_t steps);
  void GiveBackThreads(int threads) { idle_threads_ += threads - 1; }

  // To be called once per series or so: DeadlineExceeded, Cancelled.
  absl::Status CheckInterrupt();
  // The same for loops over the samples of a series, which may have millions: looks once in a while.
  absl::Status Work(int64_t samples) { return meter_.Add(samples); }
  // For another thread.
  WorkMeter NewMeter() const { return WorkMeter(options.cancelled, deadline_); }

 private:
  int64_t held_ = 0, peak_ = 0;
  int idle_threads_;
  unsigned calls_ = 0;
  const absl::Time deadline_;
  WorkMeter meter_;
};

}  // namespace sloburn::engine
