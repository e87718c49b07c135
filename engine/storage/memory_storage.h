// SPDX-License-Identifier: Apache-2.0
// The store in memory: per series growing columns, timestamps and values, and histograms where
// there are any.
//
// Columns only grow at their end, so a snapshot is a list of lengths: cheap to take, and what was
// appended since stays out of sight. A column that runs out of room is copied to a larger one;
// readers keep the old one alive. With a retention, samples older than it are left behind when a
// column is copied.
// Threads: as storage.h says. A snapshot must not outlive its storage.
#pragma once

#include <memory>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/storage/series_index.h"
#include "engine/storage/storage.h"

namespace sloburn {

struct MemoryStorageOptions {
  size_t max_series = 1'000'000;
  // Samples older than the newest of their series by more than this may be forgotten.
  absl::Duration retention = absl::InfiniteDuration();
};

struct StorageStats {
  size_t series = 0;
  int64_t samples = 0;
  int64_t appended = 0;      // since start
  int64_t out_of_order = 0;  // refused since start
  int64_t min_time_ms = 0, max_time_ms = 0;
};

class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(MemoryStorageOptions options = {}) : options_(options) {}

  std::shared_ptr<const Snapshot> TakeSnapshot() const override;
  std::unique_ptr<Appender> NewAppender() override;

  StorageStats Stats() const;

  // Makes room for `samples` more in every later growth of the series `labels`; for bulk loads.
  void Reserve(const Labels& labels, size_t samples);

 private:
  friend class MemorySnapshot;
  friend class MemoryAppender;

  struct Columns {
    explicit Columns(size_t room)
        : timestamps(new int64_t[room]), values(new double[room]), capacity(room) {}
    std::unique_ptr<int64_t[]> timestamps;
    std::unique_ptr<double[]> values;
    // Null until the series gets its first one.
    std::unique_ptr<HistogramPtr[]> histograms;
    std::unique_ptr<int64_t[]> starts;
    size_t capacity;
  };
  struct Series {
    std::shared_ptr<Columns> columns;
    size_t size = 0;        // in `columns`
    uint64_t forgotten = 0;  // samples that retention has dropped before columns[0]
    int64_t oldest_ms = 0, newest_ms = 0;  // of the samples in `columns`
    // Of all samples ever: their distance where it is the same for all, otherwise 0.
    int64_t interval_ms = 0;
    bool has_markers = false;
    bool has_resets = false;  // floats below the one before
  };

  struct NewSample {
    int64_t timestamp_ms;
    int64_t start_ms;
    double value;
    HistogramPtr histogram;
  };
  void Push(Series& series, NewSample sample) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Grow(Series& series, size_t capacity) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const MemoryStorageOptions options_;
  mutable absl::Mutex mutex_;
  SeriesIndex index_ ABSL_GUARDED_BY(mutex_);
  std::vector<Series> series_ ABSL_GUARDED_BY(mutex_);
  StorageStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn
