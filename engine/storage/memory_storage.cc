// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/memory_storage.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "engine/model/histogram.h"
#include "engine/model/stale.h"
#include "engine/storage/stored_series_reader.h"

namespace sloburn {
namespace {

bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

struct Newest {
  int64_t timestamp_ms = 0;
  double value = 0;
  HistogramPtr histogram = nullptr;
};

bool SameValue(const Newest& a, double value, const HistogramPtr& histogram) {
  if (a.histogram == nullptr || histogram == nullptr) {
    return a.histogram == histogram && SameBits(a.value, value);
  }
  return *a.histogram == *histogram;
}

// What the store knows of a reset before a histogram: that there was none where it goes on with the
// buckets of the histogram before, as within a chunk of Prometheus; otherwise nothing.
CounterResetHint StoredHint(const Newest& before, bool has_before, const Histogram& histogram) {
  using Hint = CounterResetHint;
  if (histogram.reset_hint == Hint::kGauge) return Hint::kGauge;
  if (!has_before || before.histogram == nullptr || histogram.reset_hint == Hint::kReset) {
    return Hint::kUnknown;
  }
  const Histogram& previous = *before.histogram;
  const bool goes_on = previous.reset_hint != Hint::kGauge && !IsStale(previous.sum) &&
                       histogram.schema == previous.schema &&
                       histogram.zero_threshold == previous.zero_threshold &&
                       histogram.custom_values == previous.custom_values;
  if (!goes_on) return Hint::kUnknown;
  if (histogram.reset_hint == Hint::kUnknown) {
    return histogram.DetectReset(previous) ? Hint::kUnknown : Hint::kNotReset;
  }
  Histogram unhinted = histogram;
  unhinted.reset_hint = Hint::kUnknown;
  return unhinted.DetectReset(previous) ? Hint::kUnknown : Hint::kNotReset;
}

HistogramPtr WithHint(HistogramPtr histogram, CounterResetHint hint) {
  if (histogram->reset_hint == hint) return histogram;
  auto copy = std::make_shared<Histogram>(*histogram);
  copy->reset_hint = hint;
  return copy;
}

// Prometheus' verdict on a sample after `newest`; kIgnore is an equal duplicate.
enum class Verdict { kAccept, kIgnore, kOutOfOrder, kTooOld, kDuplicate };

Verdict Judge(const Newest& newest, int64_t timestamp_ms, double value,
              const HistogramPtr& histogram) {
  if (timestamp_ms > newest.timestamp_ms) return Verdict::kAccept;
  if (timestamp_ms < newest.timestamp_ms) return Verdict::kOutOfOrder;
  return SameValue(newest, value, histogram) ? Verdict::kIgnore : Verdict::kDuplicate;
}

// REQUIRES: `verdict` refuses the sample.
absl::Status Refusal(Verdict verdict, const Newest& newest, int64_t timestamp_ms, double value,
                     const HistogramPtr& histogram) {
  if (verdict == Verdict::kOutOfOrder) return absl::OutOfRangeError("out of order sample");
  if (verdict == Verdict::kTooOld) return absl::OutOfRangeError("too old sample");
  std::string text = "duplicate sample for timestamp";
  if (histogram == nullptr && timestamp_ms != 0) {
    absl::StrAppend(&text, " ", timestamp_ms, "; overrides not allowed: existing ",
                    newest.histogram != nullptr ? "is a histogram" : FormatFloatG(newest.value),
                    ", new value ", FormatFloatG(value));
  }
  return absl::AlreadyExistsError(text);
}

}  // namespace

class MemorySnapshot : public Snapshot {
 public:
  MemorySnapshot(const MemoryStorage* storage, std::vector<int64_t> limits)
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
  const std::vector<int64_t> limits_;  // per series id: of its newest sample when this was taken
};

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

  absl::Status Commit() override;

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
  absl::Status WriteToLog(CommitLog& log) const;
  absl::Status JudgeAgain() ABSL_EXCLUSIVE_LOCKS_REQUIRED(storage_->mutex_);
  static void MakeLate(Pending& pending, int64_t newest_ms);
  static absl::Status SortLate(Pending& pending, const StoredSeries* series);
  void CommitSeries(Pending& pending) ABSL_EXCLUSIVE_LOCKS_REQUIRED(storage_->mutex_);

  MemoryStorage* const storage_;
  std::unordered_map<Labels, size_t, LabelsHash> positions_;
  std::vector<Pending> pending_;  // in order of first appearance: series ids follow it
  size_t last_position_ = 0;
  size_t new_series_ = 0;
  int64_t refused_ = 0;
};

Newest ToNewest(const NewSample& sample) {
  return {sample.timestamp_ms, sample.value, sample.histogram};
}

// The sample at `timestamp_ms` among the samples of an appender.
bool FindSameTime(const SampleBuffer& samples, const std::map<int64_t, NewSample>& late,
                  int64_t timestamp_ms, Newest* found) {
  const auto other = late.find(timestamp_ms);
  if (other != late.end()) {
    *found = ToNewest(other->second);
    return true;
  }
  const auto begin = samples.timestamps.begin(), end = samples.timestamps.end();
  const auto at = std::lower_bound(begin, end, timestamp_ms);
  if (at == end || *at != timestamp_ms) return false;
  const size_t i = at - begin;
  *found = {timestamp_ms, samples.values[i],
            samples.histograms.empty() ? nullptr : samples.histograms[i]};
  return true;
}

Verdict MemoryAppender::JudgeLate(const Pending& pending, const NewSample& sample,
                                  Newest* existing) const {
  absl::ReaderMutexLock lock(&storage_->mutex_);
  if (storage_->options_.out_of_order_window <= absl::ZeroDuration()) return Verdict::kOutOfOrder;
  const auto id = storage_->index_.Find(pending.labels);
  const StoredSeries* const series = id ? &storage_->series_[*id] : nullptr;
  NewSample stored;
  bool is_there = FindSameTime(pending.samples, pending.late, sample.timestamp_ms, existing);
  if (!is_there && series != nullptr && series->FindInHead(sample.timestamp_ms, &stored)) {
    *existing = ToNewest(stored);
    is_there = true;
  }
  if (is_there) {
    return Judge(*existing, sample.timestamp_ms, sample.value, sample.histogram);
  }
  const bool is_too_old = sample.timestamp_ms < storage_->OldestAccepted() ||
                          (series != nullptr && !series->TakesAt(sample.timestamp_ms));
  return is_too_old ? Verdict::kTooOld : Verdict::kAccept;
}

absl::Status MemoryAppender::AppendStarted(const Labels& labels, int64_t timestamp_ms,
                                           int64_t start_ms, double value,
                                           HistogramPtr histogram) {
  ASSIGN_OR_RETURN(Pending * pending, Resolve(labels));
  if (histogram == nullptr &&
      (!pending->has_newest || timestamp_ms > pending->newest.timestamp_ms)) {
    pending->samples.Append(timestamp_ms, value, nullptr, start_ms);
    pending->newest = {timestamp_ms, value, nullptr};
    pending->has_newest = true;
    return absl::OkStatus();
  }
  NewSample sample{timestamp_ms, start_ms, value, std::move(histogram)};
  Newest existing = pending->newest;
  Verdict verdict = Verdict::kAccept;
  if (pending->has_newest) verdict = Judge(existing, timestamp_ms, value, sample.histogram);
  const bool is_late = verdict == Verdict::kOutOfOrder;
  if (is_late) verdict = JudgeLate(*pending, sample, &existing);
  if (verdict == Verdict::kIgnore) return absl::OkStatus();
  if (verdict != Verdict::kAccept) {
    ++refused_;
    return Refusal(verdict, existing, timestamp_ms, value, sample.histogram);
  }
  if (sample.histogram != nullptr) {
    const CounterResetHint hint =
        StoredHint(pending->newest, pending->has_newest && !is_late, *sample.histogram);
    sample.histogram = WithHint(std::move(sample.histogram), hint);
  }
  if (is_late) {
    pending->late.emplace(timestamp_ms, std::move(sample));
    return absl::OkStatus();
  }
  pending->newest = ToNewest(sample);
  pending->has_newest = true;
  pending->samples.Append(sample.timestamp_ms, sample.value, std::move(sample.histogram),
                          sample.start_ms);
  return absl::OkStatus();
}

absl::StatusOr<MemoryAppender::Pending*> MemoryAppender::Resolve(const Labels& labels) {
  // Samples of one series mostly come together.
  if (last_position_ < pending_.size() && pending_[last_position_].labels == labels) {
    return &pending_[last_position_];
  }
  const auto found = positions_.find(labels);
  if (found != positions_.end()) {
    last_position_ = found->second;
    return &pending_[last_position_];
  }
  Pending fresh;
  fresh.labels = labels;
  {
    absl::ReaderMutexLock lock(&storage_->mutex_);
    const auto id = storage_->index_.Find(labels);
    if (!id && storage_->live_series_ + new_series_ >= storage_->options_.max_series) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the limit of ", storage_->options_.max_series,
                       " series is reached; new series are refused (--storage.max-series)"));
    }
    if (!id) ++new_series_;
    if (id && !storage_->series_[*id].empty()) {
      const StoredSeries& series = storage_->series_[*id];
      fresh.newest = {series.newest_ms(), series.newest_value(), series.newest_histogram()};
      fresh.has_newest = true;
    }
  }
  last_position_ = pending_.size();
  positions_.emplace(labels, last_position_);
  pending_.push_back(std::move(fresh));
  return &pending_.back();
}

// Another appender may have committed since Append looked.
absl::Status MemoryAppender::JudgeAgain() {
  const bool takes_late = storage_->options_.out_of_order_window > absl::ZeroDuration();
  for (Pending& pending : pending_) {
    const auto id = storage_->index_.Find(pending.labels);
    if (!id || storage_->series_[*id].empty()) {
      RETURN_IF_ERROR(SortLate(pending, nullptr));
      continue;
    }
    const StoredSeries& series = storage_->series_[*id];
    const std::vector<int64_t>& times = pending.samples.timestamps;
    if (!times.empty() && times.front() <= series.newest_ms()) {
      if (!takes_late) return absl::OutOfRangeError("out of order sample");
      MakeLate(pending, series.newest_ms());
    }
    if (!pending.late.empty() && !series.TakesAt(pending.late.begin()->first)) {
      return absl::OutOfRangeError("too old sample");
    }
    RETURN_IF_ERROR(SortLate(pending, &series));
  }
  return absl::OkStatus();
}

// The samples up to `newest_ms` have become late ones.
void MemoryAppender::MakeLate(Pending& pending, int64_t newest_ms) {
  SampleBuffer newer;
  const SampleView all = pending.samples.View();
  for (size_t i = 0; i < all.size; ++i) {
    NewSample sample{all.timestamps[i], all.starts == nullptr ? 0 : all.starts[i], all.values[i],
                     all.histograms == nullptr ? nullptr : all.histograms[i]};
    if (sample.timestamp_ms <= newest_ms) {
      pending.late.emplace(sample.timestamp_ms, std::move(sample));
    } else {
      newer.Append(sample.timestamp_ms, sample.value, std::move(sample.histogram),
                   sample.start_ms);
    }
  }
  pending.samples = std::move(newer);
}

// The late samples as columns, without those that someone else was faster with.
absl::Status MemoryAppender::SortLate(Pending& pending, const StoredSeries* series) {
  pending.late_columns.Clear();
  NewSample stored;
  for (auto& [time_ms, sample] : pending.late) {
    if (series != nullptr && series->FindInHead(time_ms, &stored)) {
      const Newest existing = ToNewest(stored);
      const Verdict verdict = Judge(existing, time_ms, sample.value, sample.histogram);
      if (verdict == Verdict::kIgnore) continue;
      return Refusal(verdict, existing, time_ms, sample.value, sample.histogram);
    }
    pending.late_columns.Append(time_ms, sample.value, sample.histogram, sample.start_ms);
  }
  return absl::OkStatus();
}

void MemoryAppender::CommitSeries(Pending& pending) {
  auto id = storage_->index_.Find(pending.labels);
  if (!id) {
    id = storage_->index_.Add(pending.labels);
    storage_->series_.emplace_back();
  }
  StoredSeries& series = storage_->series_[*id];
  if (series.empty()) ++storage_->live_series_;
  if (!pending.samples.timestamps.empty()) {
    storage_->CountSamples(pending.samples.timestamps.front(), pending.samples.timestamps.back(),
                           std::ssize(pending.samples.timestamps));
    series.PushAll(pending.samples.View());
  }
  const SampleView late = pending.late_columns.View();
  if (late.size > 0) {
    storage_->CountSamples(late.timestamps[0], late.timestamps[late.size - 1],
                           static_cast<int64_t>(late.size));
    storage_->stats_.late += static_cast<int64_t>(late.size);
    series.InsertAll(late);
  }
  storage_->Tidy(series);
}

absl::Status MemoryAppender::WriteToLog(CommitLog& log) const {
  std::vector<CommittedSeries> commit;
  commit.reserve(pending_.size());
  {
    absl::ReaderMutexLock lock(&storage_->mutex_);
    auto next_id = static_cast<SeriesIndex::Id>(storage_->index_.size());
    for (const Pending& pending : pending_) {
      if (pending.empty()) continue;
      const auto id = storage_->index_.Find(pending.labels);
      commit.push_back({id ? *id : next_id++, id ? nullptr : &pending.labels,
                        pending.samples.View(), pending.late_columns.View()});
    }
  }
  return commit.empty() ? absl::OkStatus() : log.Write(commit);
}

absl::Status MemoryAppender::Commit() {
  absl::MutexLock commit_lock(&storage_->commit_mutex_);
  {
    absl::MutexLock lock(&storage_->mutex_);
    storage_->stats_.out_of_order += std::exchange(refused_, 0);
    RETURN_IF_ERROR(JudgeAgain());
  }
  // Readers go on meanwhile; nobody else commits.
  if (storage_->log_ != nullptr) RETURN_IF_ERROR(WriteToLog(*storage_->log_));
  absl::MutexLock lock(&storage_->mutex_);
  for (Pending& pending : pending_) {
    if (!pending.empty()) CommitSeries(pending);
  }
  pending_.clear();
  positions_.clear();
  new_series_ = 0;
  return absl::OkStatus();
}

void MemoryStorage::SetLog(CommitLog* log) {
  absl::MutexLock lock(&commit_mutex_);
  log_ = log;
}

void MemoryStorage::AwaitCommit() { absl::MutexLock lock(&commit_mutex_); }

void MemoryStorage::RestoreSeries(const Labels& labels) {
  absl::MutexLock lock(&mutex_);
  index_.Add(labels);
  series_.emplace_back();
}

void MemoryStorage::RestoreChunks(uint32_t id, const std::vector<StoredChunkPtr>& chunks,
                                  const std::vector<Reset>& resets, bool keeps_resets,
                                  int64_t interval_ms) {
  if (chunks.empty()) return;
  absl::MutexLock lock(&mutex_);
  series_[id].Restore(chunks, resets, keeps_resets, interval_ms);
  CountSamples(chunks.front()->min_ms, chunks.back()->max_ms,
               static_cast<int64_t>(series_[id].samples()));
}

void MemoryStorage::RestoreSamples(uint32_t id, const SampleView& samples) {
  absl::MutexLock lock(&mutex_);
  StoredSeries& series = series_[id];
  SampleBuffer newer, late;
  for (size_t i = 0; i < samples.size; ++i) {
    const int64_t time_ms = samples.timestamps[i];
    NewSample existing;
    const bool is_newer = series.empty() || time_ms > series.newest_ms();
    if (!series.TakesAt(time_ms)) continue;
    if (!is_newer && series.FindInHead(time_ms, &existing)) continue;
    (is_newer ? newer : late)
        .Append(time_ms, samples.values[i],
                samples.histograms == nullptr ? nullptr : samples.histograms[i],
                samples.starts == nullptr ? 0 : samples.starts[i]);
  }
  for (const SampleBuffer* part : {&newer, &late}) {
    if (part->timestamps.empty()) continue;
    CountSamples(part->timestamps.front(), part->timestamps.back(),
                 std::ssize(part->timestamps));
  }
  series.PushAll(newer.View());
  series.InsertAll(late.View());
}

void MemoryStorage::EndRestore() {
  absl::MutexLock lock(&mutex_);
  for (StoredSeries& series : series_) {
    if (series.empty()) continue;
    ++live_series_;
    Tidy(series);
  }
  stats_.appended = 0;
}

void MemoryStorage::DropBefore(int64_t time_ms) {
  absl::MutexLock lock(&mutex_);
  for (StoredSeries& series : series_) DropFrom(series, time_ms);
}

void MemoryStorage::DropFrom(StoredSeries& series, int64_t time_ms) {
  if (series.empty()) return;
  stats_.samples -= static_cast<int64_t>(series.Drop(time_ms));
  if (series.empty()) --live_series_;
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
  series.Seal(std::min(stats_.max_time_ms, OldestAccepted()));
  if (options_.retention == absl::InfiniteDuration()) return;
  const int64_t oldest = stats_.max_time_ms - absl::ToInt64Milliseconds(options_.retention);
  DropFrom(series, oldest);
}

std::shared_ptr<const Snapshot> MemoryStorage::TakeSnapshot() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<int64_t> limits(series_.size());
  for (size_t i = 0; i < series_.size(); ++i) {
    limits[i] = series_[i].empty() ? std::numeric_limits<int64_t>::min() : series_[i].newest_ms();
  }
  return std::make_shared<MemorySnapshot>(this, std::move(limits));
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
