// SPDX-License-Identifier: Apache-2.0
// The store in memory: an index of label sets, and per series compressed chunks with summaries and
// the newest samples as columns (stored_series.h).
//
// A snapshot is a list of times, the newest of each series: cheap to take, and what was appended since
// stays out of sight. Only late samples, older than the newest of their series, show in snapshots
// that were taken before them. With a retention, chunks that end before it are dropped.
// Threads: as storage.h says. A snapshot must not outlive its storage.
#pragma once

#include <limits>
#include <map>
#include <memory>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/storage/commit_log.h"
#include "engine/storage/newest_times.h"
#include "engine/storage/series_index.h"
#include "engine/storage/storage.h"
#include "engine/storage/stored_series.h"

namespace sloburn {

class Outbox;

struct MemoryStorageOptions {
  size_t max_series = 1'000'000;
  // Samples older than the newest of all by more than this may be forgotten.
  absl::Duration retention = absl::InfiniteDuration();
  // Samples older than the newest of their series are accepted up to this far behind the newest of all.
  absl::Duration out_of_order_window = absl::ZeroDuration();
  ChunkSizes chunks = {};
};

struct StorageStats {
  size_t series = 0;     // with samples
  size_t ids = 0;        // that were given to series
  int64_t samples = 0;
  int64_t appended = 0;      // since start
  int64_t out_of_order = 0;  // refused since start
  int64_t late = 0;          // of `appended`, those older than the newest of their series
  int64_t min_time_ms = 0, max_time_ms = 0;
  SeriesFigures memory;  // of all series together
};

class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(MemoryStorageOptions options = {}) : options_(options) {}

  std::shared_ptr<const Snapshot> TakeSnapshot() const override;
  std::unique_ptr<Appender> NewAppender() override;

  std::optional<int64_t> NewestOf(const Labels& labels) const override;
  int64_t ForgottenBefore() const override;

  StorageStats Stats() const;

  // From now on every commit is written to `log` first. Null: to none.
  void SetLog(CommitLog* log);
  // From now on commits that say so go there as well. Null: to none.
  void SetOutbox(Outbox* outbox);
  // Returns when the commit that is being made, if any, shows.
  void AwaitCommit();
  // Before the first appender and snapshot: the series that are known from disk, in the order of
  // their ids, and then their samples.
  // False where these labels are known already; nothing is done then.
  bool RestoreSeries(const Labels& labels);
  void RestoreChunks(uint32_t id, const std::vector<StoredChunkPtr>& chunks,
                     const std::vector<Reset>& resets, bool keeps_resets, int64_t interval_ms);
  // In any order; those that are there already are ignored. All are there after EndRestore.
  void RestoreSamples(uint32_t id, const SampleView& samples);
  void EndRestore();
  // Forgets the chunks of all series that end before `time_ms`. The ids of series that are empty now.
  std::vector<uint32_t> DropBefore(int64_t time_ms);
  // REQUIRES: an id below Stats().ids.
  Labels LabelsOf(uint32_t id) const;
  // Of the series [begin, end).
  std::vector<SeriesView> Views(uint32_t begin, uint32_t end) const;

 private:
  friend class MemorySnapshot;
  friend class MemoryAppender;

  // The time that late samples must not be before.
  int64_t OldestAccepted() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void CountSamples(int64_t oldest_ms, int64_t newest_ms, int64_t samples)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Calls `change`, after which the series takes more or less than before.
  template <typename Change>
  void ChangeSeries(StoredSeries& series, Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const SeriesFigures before = series.Figures();
    change();
    CountFigures(before, series.Figures());
    newest_.Set(&series - series_.data(), series.empty() ? NewestTimes::kNone : series.newest_ms());
  }
  void CountFigures(const SeriesFigures& before, const SeriesFigures& after)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropFrom(StoredSeries& series, int64_t time_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void InsertRestoredLate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Compresses and forgets what is old enough.
  void Tidy(StoredSeries& series) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The same for series that get no samples any more, from time to time. With a log its owner does so.
  void ForgetEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<uint32_t> DropAllBefore(int64_t time_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const MemoryStorageOptions options_;
  absl::Mutex commit_mutex_;  // one commit at a time; before mutex_
  CommitLog* log_ ABSL_GUARDED_BY(commit_mutex_) = nullptr;
  Outbox* outbox_ ABSL_GUARDED_BY(commit_mutex_) = nullptr;
  mutable absl::Mutex mutex_;
  SeriesIndex index_ ABSL_GUARDED_BY(mutex_);
  std::vector<StoredSeries> series_ ABSL_GUARDED_BY(mutex_);  // changed by ChangeSeries
  NewestTimes newest_ ABSL_GUARDED_BY(mutex_);
  // By series and time, until EndRestore.
  std::map<uint32_t, std::map<int64_t, NewSample>> restored_late_ ABSL_GUARDED_BY(mutex_);
  StorageStats stats_ ABSL_GUARDED_BY(mutex_);
  bool has_times_ ABSL_GUARDED_BY(mutex_) = false;  // those of stats_
  size_t live_series_ ABSL_GUARDED_BY(mutex_) = 0;  // with samples
  int64_t forgotten_before_ms_ ABSL_GUARDED_BY(mutex_) = std::numeric_limits<int64_t>::min();
  int64_t swept_ms_ ABSL_GUARDED_BY(mutex_) = std::numeric_limits<int64_t>::min() / 2;  // by ForgetEnded
};

}  // namespace sloburn
