// SPDX-License-Identifier: Apache-2.0
// The appender of a MemoryStorage: judges samples as they come, keeps them as columns per series, and
// commits them together. Private to engine/storage. Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "engine/storage/memory_storage.h"
#include "engine/storage/sample_verdict.h"

namespace sloburn {

class MemoryAppender : public Appender {
 public:
  explicit MemoryAppender(MemoryStorage* storage) : storage_(storage) {}

  absl::Status Append(const Labels& labels, int64_t timestamp_ms, double value) override {
    return AppendStarted(labels, timestamp_ms, 0, value, nullptr);
  }

  absl::Status AppendHistogram(const Labels& labels, int64_t timestamp_ms,
                               HistogramPtr histogram) override {
    return AppendStarted(labels, timestamp_ms, 0, 0, std::move(histogram));
  }

  absl::Status AppendStarted(const Labels& labels, int64_t timestamp_ms, int64_t start_ms,
                             double value, HistogramPtr histogram) override;

  absl::Status CommitWith(CommitExtras extras) override;

 private:
  struct Pending {
    Labels labels;
    SampleBuffer samples;               // newer than all before
    std::map<int64_t, NewSample> late;  // not so; by time
    SampleBuffer late_columns;          // the same, for the commit
    bool empty() const { return samples.timestamps.empty() && late.empty(); }
    Newest newest;
    bool has_newest = false;
  };

  absl::StatusOr<Pending*> Resolve(const Labels& labels);
  // What is to become of a sample that is older than the newest of its series.
  Verdict JudgeLate(const Pending& pending, const NewSample& sample, Newest* existing) const;
  std::vector<CommittedSeries> Committed() const;
  absl::Status JudgeAgain() ABSL_EXCLUSIVE_LOCKS_REQUIRED(storage_->mutex_);
  static void MakeLate(Pending& pending, int64_t newest_ms);
  static absl::Status SortLate(Pending& pending, const StoredSeries* series);
  void CommitSeries(Pending& pending) ABSL_EXCLUSIVE_LOCKS_REQUIRED(storage_->mutex_);
  void PutSamples(const Pending& pending, StoredSeries& series)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(storage_->mutex_);

  MemoryStorage* const storage_;
  std::unordered_map<Labels, size_t, LabelsHash> positions_;
  std::vector<Pending> pending_;  // in order of first appearance: series ids follow it
  size_t last_position_ = 0;
  size_t new_series_ = 0;
  int64_t refused_ = 0;
};

}  // namespace sloburn
