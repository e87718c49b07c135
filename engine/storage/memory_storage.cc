// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/memory_storage.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/storage/memory_appender.h"
#include "engine/storage/stored_series_reader.h"

namespace sloburn {
namespace {

// Of data: how long a series that has ended may stay beyond the retention.
constexpr absl::Duration kSweepPause = absl::Minutes(30);

}  // namespace

class MemorySnapshot : public Snapshot {
 public:
  MemorySnapshot(const MemoryStorage* storage, NewestTimes::Copy limits)
      : storage_(storage), limits_(std::move(limits)) {}

  absl::StatusOr<SeriesSet> Select(const Matchers& matchers, int64_t min_ms,
                                   int64_t max_ms) const override {
    SeriesSet found;
    absl::ReaderMutexLock lock(&storage_->mutex_);
    for (const SeriesIndex::Id id : storage_->index_.Select(matchers)) {
      if (id >= limits_.size()) break;  // ids ascend: all that follow are younger than the snapshot
      const StoredSeries& series = storage_->series_[id];
      if (series.empty() || limits_[id] < min_ms || series.oldest_ms() > max_ms) continue;
      found.push_back(
          MakeStoredSeriesReader(storage_->index_.labels(id), series.View(min_ms), limits_[id]));
    }
    return found;
  }

 private:
  const MemoryStorage* storage_;
  const NewestTimes::Copy limits_;  // nothing later shows
};

void MemoryStorage::SetLog(CommitLog* log) {
  absl::MutexLock lock(&commit_mutex_);
  log_ = log;
}

void MemoryStorage::SetOutbox(Outbox* outbox) {
  absl::MutexLock lock(&commit_mutex_);
  outbox_ = outbox;
}

void MemoryStorage::AwaitCommit() { absl::MutexLock lock(&commit_mutex_); }

bool MemoryStorage::RestoreSeries(const Labels& labels) {
  absl::MutexLock lock(&mutex_);
  if (index_.Find(labels)) return false;
  index_.Add(labels);
  series_.emplace_back();
  return true;
}

void MemoryStorage::RestoreChunks(uint32_t id, const std::vector<StoredChunkPtr>& chunks,
                                  const std::vector<Reset>& resets, bool keeps_resets,
                                  int64_t interval_ms) {
  if (chunks.empty()) return;
  absl::MutexLock lock(&mutex_);
  StoredSeries& series = series_[id];
  ChangeSeries(series, [&] { series.Restore(chunks, resets, keeps_resets, interval_ms); });
  CountSamples(chunks.front()->min_ms, chunks.back()->max_ms,
               static_cast<int64_t>(series.samples()));
}

void MemoryStorage::RestoreSamples(uint32_t id, const SampleView& samples) {
  absl::MutexLock lock(&mutex_);
  StoredSeries& series = series_[id];
  SampleBuffer newer;
  for (size_t i = 0; i < samples.size; ++i) {
    const int64_t time_ms = samples.timestamps[i];
    NewSample existing;
    if (!series.TakesAt(time_ms)) continue;
    if (series.empty() || time_ms > series.newest_ms()) {
      AppendTo(newer, SampleAt(samples, i));
    } else if (!series.FindInHead(time_ms, &existing)) {
      // Each insertion copies the head, which grows until all is restored.
      restored_late_[id].emplace(time_ms, SampleAt(samples, i));
    }
  }
  if (newer.timestamps.empty()) return;
  CountSamples(newer.timestamps.front(), newer.timestamps.back(), std::ssize(newer.timestamps));
  ChangeSeries(series, [&] { series.PushAll(newer.View()); });
}

void MemoryStorage::InsertRestoredLate() {
  for (auto& [id, by_time] : restored_late_) {
    SampleBuffer late;
    for (auto& [time_ms, sample] : by_time) AppendTo(late, std::move(sample));
    CountSamples(late.timestamps.front(), late.timestamps.back(), std::ssize(late.timestamps));
    StoredSeries& series = series_[id];
    ChangeSeries(series, [&] { series.InsertAll(late.View()); });
  }
  restored_late_.clear();
}

void MemoryStorage::EndRestore() {
  absl::MutexLock lock(&mutex_);
  InsertRestoredLate();
  for (StoredSeries& series : series_) {
    if (series.empty()) continue;
    ++live_series_;
    ChangeSeries(series, [&] {
      mutex_.AssertHeld();
      Tidy(series);
    });
  }
  stats_.appended = 0;
}

std::vector<uint32_t> MemoryStorage::DropBefore(int64_t time_ms) {
  absl::MutexLock lock(&mutex_);
  return DropAllBefore(time_ms);
}

std::vector<uint32_t> MemoryStorage::DropAllBefore(int64_t time_ms) {
  std::vector<uint32_t> emptied;
  for (uint32_t id = 0; id < series_.size(); ++id) {
    StoredSeries& series = series_[id];
    if (series.empty()) continue;
    ChangeSeries(series, [&] {
      mutex_.AssertHeld();
      DropFrom(series, time_ms);
    });
    if (series.empty()) emptied.push_back(id);
  }
  return emptied;
}

void MemoryStorage::ForgetEnded() {
  if (options_.retention == absl::InfiniteDuration()) return;
  const int64_t oldest = stats_.max_time_ms - absl::ToInt64Milliseconds(options_.retention);
  const int64_t pause = absl::ToInt64Milliseconds(std::min(kSweepPause, options_.retention / 16));
  if (oldest < swept_ms_ + pause) return;
  swept_ms_ = oldest;
  DropAllBefore(oldest);
}

void MemoryStorage::CountFigures(const SeriesFigures& before, const SeriesFigures& after) {
  SeriesFigures& all = stats_.memory;
  all.chunks += after.chunks - before.chunks;
  all.chunk_bytes += after.chunk_bytes - before.chunk_bytes;
  all.summary_bytes += after.summary_bytes - before.summary_bytes;
  all.head_samples += after.head_samples - before.head_samples;
}

void MemoryStorage::DropFrom(StoredSeries& series, int64_t time_ms) {
  if (series.empty()) return;
  const size_t dropped = series.Drop(time_ms);
  if (dropped == 0) return;
  forgotten_before_ms_ = std::max(forgotten_before_ms_, time_ms);
  stats_.samples -= static_cast<int64_t>(dropped);
  if (series.empty()) --live_series_;
}

Labels MemoryStorage::LabelsOf(uint32_t id) const {
  absl::ReaderMutexLock lock(&mutex_);
  return index_.labels(id);
}

std::vector<SeriesView> MemoryStorage::Views(uint32_t begin, uint32_t end) const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<SeriesView> views;
  for (size_t id = begin; id < std::min<size_t>(end, series_.size()); ++id) {
    views.push_back(series_[id].View());
  }
  return views;
}

int64_t MemoryStorage::OldestAccepted() const {
  if (options_.out_of_order_window <= absl::ZeroDuration()) {
    return std::numeric_limits<int64_t>::max();
  }
  return stats_.max_time_ms - absl::ToInt64Milliseconds(options_.out_of_order_window);
}

void MemoryStorage::CountSamples(int64_t oldest_ms, int64_t newest_ms, int64_t samples) {
  const bool is_first = !has_times_;
  has_times_ = true;
  stats_.min_time_ms = is_first ? oldest_ms : std::min(stats_.min_time_ms, oldest_ms);
  stats_.max_time_ms = is_first ? newest_ms : std::max(stats_.max_time_ms, newest_ms);
  stats_.appended += samples;
  stats_.samples += samples;
}

void MemoryStorage::Tidy(StoredSeries& series) {
  series.Seal(std::min(stats_.max_time_ms, OldestAccepted()), options_.chunks);
  if (options_.retention == absl::InfiniteDuration()) return;
  const int64_t oldest = stats_.max_time_ms - absl::ToInt64Milliseconds(options_.retention);
  DropFrom(series, oldest);
}

std::optional<int64_t> MemoryStorage::NewestOf(const Labels& labels) const {
  absl::ReaderMutexLock lock(&mutex_);
  const auto id = index_.Find(labels);
  if (!id || series_[*id].empty()) return std::nullopt;
  return series_[*id].newest_ms();
}

int64_t MemoryStorage::ForgottenBefore() const {
  absl::ReaderMutexLock lock(&mutex_);
  return forgotten_before_ms_;
}

std::shared_ptr<const Snapshot> MemoryStorage::TakeSnapshot() const {
  absl::ReaderMutexLock lock(&mutex_);
  return std::make_shared<MemorySnapshot>(this, newest_.Take());
}

std::unique_ptr<Appender> MemoryStorage::NewAppender() {
  return std::make_unique<MemoryAppender>(this);
}

StorageStats MemoryStorage::Stats() const {
  absl::ReaderMutexLock lock(&mutex_);
  StorageStats stats = stats_;
  stats.series = live_series_;
  stats.ids = series_.size();
  return stats;
}

}  // namespace sloburn
