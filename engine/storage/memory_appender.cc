// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/memory_appender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/storage/outbox.h"

namespace sloburn {
namespace {

Newest ToNewest(const NewSample& sample) {
  return {sample.timestamp_ms, sample.value, sample.histogram};
}

// The sample at `timestamp_ms` among the samples of an appender.
bool FindSameTime(const SampleBuffer& samples, int64_t timestamp_ms, Newest* found) {
  const auto begin = samples.timestamps.begin(), end = samples.timestamps.end();
  const auto at = std::lower_bound(begin, end, timestamp_ms);
  if (at == end || *at != timestamp_ms) return false;
  const size_t i = at - begin;
  *found = {timestamp_ms, samples.values[i],
            samples.histograms.empty() ? nullptr : samples.histograms[i]};
  return true;
}

}  // namespace

const StoredSeries* MemoryAppender::SeriesOf(const Pending& pending) const {
  // Ids stay; another appender may have made the series since.
  const auto id = pending.id ? pending.id : storage_->index_.Find(pending.labels);
  return id ? &storage_->series_[*id] : nullptr;
}

Verdict MemoryAppender::JudgeLate(const Pending& pending, const NewSample& sample,
                                  Newest* existing) const {
  absl::ReaderMutexLock lock(&storage_->mutex_);
  if (!TakesLate()) return Verdict::kOutOfOrder;
  const StoredSeries* const series = SeriesOf(pending);
  NewSample stored;
  bool is_there = FindSameTime(pending.samples, sample.timestamp_ms, existing);
  if (pending.late != nullptr) {
    const auto other = pending.late->by_time.find(sample.timestamp_ms);
    if (other != pending.late->by_time.end()) {
      *existing = ToNewest(other->second);
      is_there = true;
    }
  }
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
    sample.histogram = WithStoredHint(std::move(sample.histogram), pending->newest,
                                      pending->has_newest && !is_late);
  }
  if (is_late) {
    pending->EnsureLate().by_time.emplace(timestamp_ms, std::move(sample));
    return absl::OkStatus();
  }
  pending->newest = ToNewest(sample);
  pending->has_newest = true;
  AppendTo(pending->samples, std::move(sample));
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
    fresh.id = storage_->index_.Find(labels);
    const bool is_new = !fresh.id || storage_->series_[*fresh.id].empty();
    if (is_new && storage_->live_series_ + new_series_ >= storage_->options_.max_series) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the limit of ", storage_->options_.max_series,
                       " series is reached; new series are refused (--storage.max-series)"));
    }
    if (is_new) {
      ++new_series_;
    } else {
      const StoredSeries& series = storage_->series_[*fresh.id];
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
  for (Pending& pending : pending_) {
    if (!pending.id) pending.id = storage_->index_.Find(pending.labels);
    if (!pending.id || storage_->series_[*pending.id].empty()) {
      RETURN_IF_ERROR(SortLate(pending, nullptr));
      continue;
    }
    const StoredSeries& series = storage_->series_[*pending.id];
    const std::vector<int64_t>& times = pending.samples.timestamps;
    if (!times.empty() && times.front() <= series.newest_ms()) {
      if (!TakesLate()) return absl::OutOfRangeError("out of order sample");
      MakeLate(pending, series.newest_ms());
    }
    if (pending.late != nullptr && !series.TakesAt(pending.late->by_time.begin()->first)) {
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
    NewSample sample = SampleAt(all, i);
    if (sample.timestamp_ms <= newest_ms) {
      pending.EnsureLate().by_time.emplace(sample.timestamp_ms, std::move(sample));
    } else {
      AppendTo(newer, std::move(sample));
    }
  }
  pending.samples = std::move(newer);
}

// The late samples as columns, without those that someone else was faster with.
absl::Status MemoryAppender::SortLate(Pending& pending, const StoredSeries* series) {
  if (pending.late == nullptr) return absl::OkStatus();
  pending.late->columns.Clear();
  NewSample stored;
  for (auto& [time_ms, sample] : pending.late->by_time) {
    if (series != nullptr && series->FindInHead(time_ms, &stored)) {
      const Newest existing = ToNewest(stored);
      const Verdict verdict = Judge(existing, time_ms, sample.value, sample.histogram);
      if (verdict == Verdict::kIgnore) continue;
      return Refusal(verdict, existing, time_ms, sample.value, sample.histogram);
    }
    AppendTo(pending.late->columns, sample);
  }
  return absl::OkStatus();
}

void MemoryAppender::CommitSeries(Pending& pending) {
  if (!pending.id) {
    pending.id = storage_->index_.Add(pending.labels);
    storage_->series_.emplace_back();
  }
  StoredSeries& series = storage_->series_[*pending.id];
  if (series.empty()) ++storage_->live_series_;
  storage_->ChangeSeries(series, [&] {
    storage_->mutex_.AssertHeld();
    PutSamples(pending, series);
    storage_->Tidy(series);
  });
}

void MemoryAppender::PutSamples(const Pending& pending, StoredSeries& series) {
  if (!pending.samples.timestamps.empty()) {
    storage_->CountSamples(pending.samples.timestamps.front(), pending.samples.timestamps.back(),
                           std::ssize(pending.samples.timestamps));
    series.PushAll(pending.samples.View());
  }
  const SampleView late = pending.LateColumns();
  if (late.size > 0) {
    storage_->CountSamples(late.timestamps[0], late.timestamps[late.size - 1],
                           static_cast<int64_t>(late.size));
    storage_->stats_.late += static_cast<int64_t>(late.size);
    // It may have been forgotten since they were judged.
    series.empty() ? series.PushAll(late) : series.InsertAll(late);
  }
}

std::vector<CommittedSeries> MemoryAppender::Committed() const {
  std::vector<CommittedSeries> commit;
  commit.reserve(pending_.size());
  absl::ReaderMutexLock lock(&storage_->mutex_);
  auto next_id = static_cast<SeriesIndex::Id>(storage_->index_.size());
  for (const Pending& pending : pending_) {
    if (pending.empty()) continue;
    commit.push_back({pending.id ? *pending.id : next_id++, pending.id ? nullptr : &pending.labels,
                      pending.samples.View(), pending.LateColumns()});
  }
  return commit;
}

absl::Status MemoryAppender::CommitWith(CommitExtras extras) {
  absl::MutexLock commit_lock(&storage_->commit_mutex_);
  {
    absl::MutexLock lock(&storage_->mutex_);
    storage_->stats_.out_of_order += std::exchange(refused_, 0);
    RETURN_IF_ERROR(JudgeAgain());
  }
  // Readers go on meanwhile; nobody else commits.
  CommitLog* const log = storage_->log_;
  Outbox* const outbox = extras.is_sent ? storage_->outbox_ : nullptr;
  std::optional<OutboxEntry> entry;
  if (log != nullptr || outbox != nullptr) {
    const std::vector<CommittedSeries> commit = Committed();
    if (outbox != nullptr && !commit.empty()) entry = outbox->Prepare(commit);
    if (log != nullptr && !(commit.empty() && extras.values.empty())) {
      RETURN_IF_ERROR(log->Write(commit, extras.values, entry ? &*entry : nullptr));
    }
  }
  {
    absl::MutexLock lock(&storage_->mutex_);
    for (Pending& pending : pending_) {
      if (!pending.empty()) CommitSeries(pending);
    }
    if (log == nullptr) storage_->ForgetEnded();
  }
  // Its reader looks up the labels of new series.
  if (entry) outbox->Add(*std::move(entry));
  pending_.clear();
  positions_.clear();
  new_series_ = 0;
  return absl::OkStatus();
}

}  // namespace sloburn
