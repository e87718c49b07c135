// SPDX-License-Identifier: Apache-2.0
// One load of Sync: slices of time, fetched by several requests at once, committed in order. Private
// to Sync.
//
// Memory: each slice that is under way or waits to be committed holds its samples; together they
// aim at SyncOptions::samples_per_slice, and a slice that misses its share by far is given up and
// halved.
// Threads: one; it starts one more for each slice of history that is fetched ahead, and ends it.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/remote/sync_state.h"

namespace sloburn::remote {

class Sync::SliceLoader {
 public:
  // A pull: what is new since the coverage ends, one slice after the other, each by several requests
  // at once. A target that fails is left behind, unless the source cannot be reached.
  SliceLoader(Sync& sync, Goals goals, absl::Duration first_slice);
  // History, up to to_ms: slices beside each other, and throttled. The first error ends it.
  SliceLoader(Sync& sync, const Targets& targets, int64_t to_ms, const ProgressReceiver& progress);
  ~SliceLoader();

  // Returns the first error.
  absl::Status Run();

  // Of a pull: the errors of the targets that were left behind, and whether the source has answered
  // a request.
  using Failures = std::unordered_map<const Target*, absl::Status>;
  const Failures& failures() const { return failures_; }
  bool was_answered() const { return was_answered_; }

 private:
  SliceLoader(Sync& sync, Goals goals, int64_t to_ms, absl::Duration first_slice,
              const ProgressReceiver* progress);
  size_t Width() const;
  bool IsThrottled() const;
  int64_t SamplesPerSlice() const;
  int64_t EndOfSlice() const;
  std::unique_ptr<Slice> Plan(int64_t end_ms) const;
  void StartAhead();
  absl::Status TakeFirst();
  absl::Status TakeAnswers(const Slice& slice);
  void LeaveBehind(const std::vector<Window>& windows, const absl::Status& status);
  void Abandon();
  void Adapt(const Slice& slice);
  void Report(const Slice& slice);

  Sync& sync_;
  Goals goals_;
  const int64_t to_ms_;
  const bool is_history_;
  const ProgressReceiver* const progress_;  // may be null, and may be empty
  const int64_t min_ms_, max_ms_;           // of a slice
  const absl::Time start_;
  int64_t begin_ms_;
  int64_t cursor_ms_;  // where the next slice begins
  int64_t slice_ms_;
  int64_t samples_ = 0;
  bool was_answered_ = false;
  Failures failures_;
  absl::Status first_failure_;
  std::deque<std::unique_ptr<Slice>> ahead_;
};

}  // namespace sloburn::remote
