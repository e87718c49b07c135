// SPDX-License-Identifier: Apache-2.0
// The appender of a MemoryStorage: judges samples as they come, keeps them as columns per series, and
// commits them together. Private to engine/storage. Threads: one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
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

  void RefuseLateSamples() override { refuses_late_ = true; }

  absl::Status CommitWith(CommitExtras extras) override;

 private:
  // Samples that are not newer than all before.
  struct Late {
    std::map<int64_t, NewSample> by_time;
    SampleBuffer columns;  // the same, for the commit
  };
  // Rules write one sample to each of many series: small where there is not more.
  struct Pending {
    Labels labels;
    std::optional<SeriesIndex::Id> id;  // once it is known
    SampleBuffer samples;               // newer than all before
    std::unique_ptr<Late> late;         // null where there are none
    Late& EnsureLate() {
      if (late == nullptr) late = std::make_unique<Late>();
      return *late;
    }
    SampleView LateColumns() const { return late == nullptr ? SampleView() : late->columns.View(); }
    bool empty() const { return samples.timestamps.empty() && late == nullptr; }
    Newest newest;
    bool has_newest = false;
  };

  absl::StatusOr<Pending*> Resolve(const Labels& labels);
  bool TakesLate() const {
    return !refuses_late_ && storage_->options_.out_of_order_window > absl::ZeroDuration();
  }
  // The series of the samples; null where there is none yet.
  const StoredSeries* SeriesOf(const Pending& pending) const
      ABSL_SHARED_LOCKS_REQUIRED(storage_->mutex_);
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
  absl::flat_hash_map<Labels, size_t, LabelsHash> positions_;
  std::vector<Pending> pending_;  // in order of first appearance: series ids follow it
  size_t last_position_ = 0;
  size_t new_series_ = 0;
  int64_t refused_ = 0;
  bool refuses_late_ = false;
};

}  // namespace sloburn
