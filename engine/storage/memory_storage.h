// SPDX-License-Identifier: Apache-2.0
// The store in memory: an index of label sets, and per series compressed chunks with summaries and
// the newest samples as columns (stored_series.h).
//
// A snapshot is a list of times, the newest of each series: cheap to take, and what was appended since
// stays out of sight. Only late samples, older than the newest of their series, show in snapshots
// that were taken before them. With a retention, chunks that end before it are dropped.
// Threads: as storage.h says. A snapshot must not outlive its storage.
#pragma once

#include <memory>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/storage/series_index.h"
#include "engine/storage/storage.h"
#include "engine/storage/stored_series.h"

namespace sloburn {

struct MemoryStorageOptions {
  size_t max_series = 1'000'000;
  // Samples older than the newest of all by more than this may be forgotten.
  absl::Duration retention = absl::InfiniteDuration();
  // Samples older than the newest of their series are accepted up to this far behind the newest of all.
  absl::Duration out_of_order_window = absl::ZeroDuration();
};

struct StorageStats {
  size_t series = 0;
  int64_t samples = 0;
  int64_t appended = 0;      // since start
  int64_t out_of_order = 0;  // refused since start
  int64_t late = 0;          // of `appended`, those older than the newest of their series
  int64_t min_time_ms = 0, max_time_ms = 0;
};

class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(MemoryStorageOptions options = {}) : options_(options) {}

  std::shared_ptr<const Snapshot> TakeSnapshot() const override;
  std::unique_ptr<Appender> NewAppender() override;

  StorageStats Stats() const;

 private:
  friend class MemorySnapshot;
  friend class MemoryAppender;

  // The time that late samples must not be before.
  int64_t OldestAccepted() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void CountSample(int64_t timestamp_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Compresses and forgets what is old enough.
  void Tidy(StoredSeries& series) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const MemoryStorageOptions options_;
  mutable absl::Mutex mutex_;
  SeriesIndex index_ ABSL_GUARDED_BY(mutex_);
  std::vector<StoredSeries> series_ ABSL_GUARDED_BY(mutex_);
  StorageStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn
