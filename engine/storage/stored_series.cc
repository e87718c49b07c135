// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/stored_series.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/model/histogram.h"
#include "engine/model/stale.h"

namespace sloburn {
namespace {

constexpr size_t kFirstCapacity = 16;
// A series with more resets than one in so many samples is no counter.
constexpr uint64_t kSamplesPerReset = 16, kAlwaysKeptResets = 16;

// What was known of a reset before it is not known any more.
HistogramPtr WithoutHint(HistogramPtr histogram) {
  if (histogram == nullptr || histogram->reset_hint != CounterResetHint::kNotReset) {
    return histogram;
  }
  auto copy = std::make_shared<Histogram>(*histogram);
  copy->reset_hint = CounterResetHint::kUnknown;
  return copy;
}

bool IsFloat(const HeadColumns& columns, size_t i) {
  return columns.histograms == nullptr || columns.histograms[i] == nullptr;
}

}  // namespace

SampleView HeadColumns::View(size_t begin, size_t end) const {
  return {timestamps.get() + begin, values.get() + begin, end - begin,
          histograms == nullptr ? nullptr : histograms.get() + begin,
          starts == nullptr ? nullptr : starts.get() + begin};
}

HistogramPtr StoredSeries::newest_histogram() const {
  return head_->histograms == nullptr ? nullptr : head_->histograms[head_size_ - 1];
}

void StoredSeries::SetSealed(std::shared_ptr<const SealedChunks> sealed) {
  sealed_ = std::move(sealed);
  if (sealed_ == nullptr) {
    if (head_size_ > 0) oldest_ms_ = head_->timestamps[0];
    return;
  }
  oldest_ms_ = sealed_->min_ms();
  sealed_max_ms_ = sealed_->max_ms();
}

size_t StoredSeries::samples() const {
  if (sealed_ == nullptr) return head_size_;
  return head_size_ + sealed_->samples_before(sealed_->size()) - sealed_->samples_dropped;
}

SeriesFigures StoredSeries::Figures() const {
  SeriesFigures figures;
  figures.head_samples = static_cast<int64_t>(head_size_);
  if (sealed_ == nullptr) return figures;
  figures.chunks = static_cast<int64_t>(sealed_->size());
  figures.chunk_bytes = static_cast<int64_t>(sealed_->chunk_bytes);
  figures.summary_bytes = static_cast<int64_t>(sealed_->summary_bytes());
  return figures;
}

void StoredSeries::MoveHead(size_t skip, size_t capacity) {
  auto moved = std::make_shared<HeadColumns>(capacity);
  if (head_ != nullptr) {
    const size_t kept = head_size_ - skip;
    std::copy_n(head_->timestamps.get() + skip, kept, moved->timestamps.get());
    std::copy_n(head_->values.get() + skip, kept, moved->values.get());
    if (head_->histograms != nullptr) {
      moved->histograms = std::make_unique<HistogramPtr[]>(capacity);
      std::copy_n(head_->histograms.get() + skip, kept, moved->histograms.get());
    }
    if (head_->starts != nullptr) {
      moved->starts = std::make_unique<int64_t[]>(capacity);
      std::copy_n(head_->starts.get() + skip, kept, moved->starts.get());
    }
    head_size_ = kept;
  }
  head_ = std::move(moved);
}

void StoredSeries::Write(size_t at, NewSample sample) {
  const bool needs_histograms = sample.histogram != nullptr && head_->histograms == nullptr;
  const bool needs_starts = sample.start_ms != 0 && head_->starts == nullptr;
  // Readers may hold these columns: what is new comes with a copy.
  if (needs_histograms || needs_starts) MoveHead(0, head_->capacity);
  if (needs_histograms) {
    head_->histograms = std::make_unique<HistogramPtr[]>(head_->capacity);
  }
  if (needs_starts) head_->starts = std::make_unique<int64_t[]>(head_->capacity);
  is_plain_ &= sample.histogram == nullptr && sample.start_ms == 0;
  has_markers_ |= IsStale(sample.histogram == nullptr ? sample.value : sample.histogram->sum);
  if (head_->histograms != nullptr) head_->histograms[at] = std::move(sample.histogram);
  if (head_->starts != nullptr) head_->starts[at] = sample.start_ms;
  head_->timestamps[at] = sample.timestamp_ms;
  head_->values[at] = sample.value;
}

void StoredSeries::Restore(const std::vector<StoredChunkPtr>& chunks,
                           const std::vector<Reset>& resets, bool keeps_resets,
                           int64_t interval_ms) {
  SetSealed(SealedChunks::FromFull(chunks));
  if (sealed_ == nullptr) return;
  newest_ms_ = sealed_max_ms_;
  for (const StoredChunkPtr& chunk : chunks) {
    pushed_ += chunk->samples;
    has_markers_ |= chunk->has_markers;
    is_plain_ &= chunk->is_plain;
    if (chunk->summary.count > 0) newest_float_ = chunk->summary.last;
  }
  floats_ = floats_before_head_ = sealed_->floats_before(sealed_->size());
  float_before_head_ = newest_float_;
  interval_ms_ = interval_ms;
  for (const Reset& reset : resets) AddReset(reset);
  if (!keeps_resets) {
    has_resets_ = true;
    keeps_resets_ = false;
    resets_ = nullptr;
    resets_size_ = 0;
  }
}

void StoredSeries::Push(NewSample sample) {
  if (head_ == nullptr) MoveHead(0, kFirstCapacity);
  if (head_size_ == head_->capacity) MoveHead(0, head_size_ + head_size_ / 2 + kFirstCapacity);
  if (pushed_ > 0) {
    const int64_t distance = sample.timestamp_ms - newest_ms_;
    if (pushed_ == 1) interval_ms_ = distance;
    if (interval_ms_ != distance) interval_ms_ = 0;
  }
  if (pushed_ == 0) oldest_ms_ = sample.timestamp_ms;
  newest_ms_ = sample.timestamp_ms;
  const double value = sample.value;
  const bool is_float = sample.histogram == nullptr;
  Write(head_size_, std::move(sample));
  ++head_size_;
  ++pushed_;
  if (is_float && !IsStale(value)) NoteFloat(value);
}

void StoredSeries::PushAll(const SampleView& samples) {
  if (samples.size == 0) return;
  const size_t needed = head_size_ + samples.size;
  if (head_ == nullptr || needed > head_->capacity) {
    MoveHead(0, std::max(needed + kFirstCapacity, head_size_ + head_size_ / 2));
  }
  for (size_t i = 0; i < samples.size; ++i) Push(SampleAt(samples, i));
}

void StoredSeries::NoteFloat(double value) {
  if (floats_ > 0 && value < newest_float_) AddReset({floats_, newest_float_});
  newest_float_ = value;
  ++floats_;
}

void StoredSeries::AddReset(Reset reset) {
  has_resets_ = true;
  if (!keeps_resets_) return;
  if ((resets_size_ + 1) * kSamplesPerReset > floats_ + kAlwaysKeptResets * kSamplesPerReset) {
    keeps_resets_ = false;
    resets_ = nullptr;
    resets_size_ = 0;
    return;
  }
  if (resets_ == nullptr || resets_size_ == resets_->capacity) {
    auto larger = std::make_shared<ResetArray>(resets_size_ + resets_size_ / 2 + 2);
    if (resets_ != nullptr) std::copy_n(resets_->resets.get(), resets_size_, larger->resets.get());
    resets_ = std::move(larger);
  }
  resets_->resets[resets_size_++] = reset;
}

void StoredSeries::InsertAll(const SampleView& late) {
  if (late.size == 0) return;
  const std::shared_ptr<HeadColumns> before = std::move(head_);
  const size_t before_size = std::exchange(head_size_, 0);
  head_ = nullptr;
  MoveHead(0, std::max(before->capacity, before_size + late.size + kFirstCapacity));
  const SampleView old = before->View(0, before_size);
  const auto take = [this](const SampleView& from, size_t i, bool follows_late) {
    NewSample sample = SampleAt(from, i);
    if (follows_late) sample.histogram = WithoutHint(std::move(sample.histogram));
    Write(head_size_, std::move(sample));
    ++head_size_;
  };
  bool was_late = false;
  for (size_t i = 0, k = 0; i < old.size || k < late.size;) {
    const bool is_late =
        i == old.size || (k < late.size && late.timestamps[k] < old.timestamps[i]);
    take(is_late ? late : old, is_late ? k++ : i++, was_late && !is_late);
    was_late = is_late;
  }
  pushed_ += late.size;
  interval_ms_ = 0;
  oldest_ms_ = std::min(oldest_ms_, late.timestamps[0]);
  RecountFloats();
}

void StoredSeries::RecountFloats() {
  // Readers may hold the resets: they are told anew.
  const std::shared_ptr<ResetArray> before = std::move(resets_);
  resets_ = nullptr;
  const size_t before_size = std::exchange(resets_size_, 0);
  for (size_t i = 0; i < before_size && before->resets[i].position < floats_before_head_; ++i) {
    AddReset(before->resets[i]);
  }
  floats_ = floats_before_head_;
  newest_float_ = float_before_head_;
  for (size_t i = 0; i < head_size_; ++i) {
    const double value = head_->values[i];
    if (IsFloat(*head_, i) && !IsStale(value)) NoteFloat(value);
  }
}

bool StoredSeries::FindInHead(int64_t timestamp_ms, NewSample* found) const {
  const int64_t* const begin = head_->timestamps.get();
  const int64_t* const at = std::lower_bound(begin, begin + head_size_, timestamp_ms);
  if (at == begin + head_size_ || *at != timestamp_ms) return false;
  *found = SampleAt(head_->View(0, head_size_), at - begin);
  return true;
}

void StoredSeries::Seal(int64_t before_ms, const ChunkSizes& sizes) {
  if (head_size_ < sizes.least_head + sizes.step) return;
  const int64_t* const begin = head_->timestamps.get();
  const size_t size =
      std::lower_bound(begin, begin + head_size_ - sizes.least_head, before_ms) - begin;
  if (size < sizes.step) return;
  SetSealed(SealedChunks::Add(sealed_.get(), head_->View(0, size), sizes.samples));
  for (size_t i = 0; i < size; ++i) {
    const double value = head_->values[i];
    if (!IsFloat(*head_, i) || IsStale(value)) continue;
    ++floats_before_head_;
    float_before_head_ = value;
  }
  MoveHead(size, head_size_ - size + sizes.step);
}

size_t StoredSeries::Drop(int64_t time_ms) {
  if (!empty() && newest_ms_ < time_ms) {
    const size_t all = samples();
    const uint32_t generation = generation_ + 1;
    *this = StoredSeries();
    generation_ = generation;
    return all;
  }
  if (sealed_ == nullptr) return 0;
  const size_t before = samples();
  SetSealed(SealedChunks::Drop(sealed_, time_ms));
  return before - samples();
}

SeriesView StoredSeries::View(int64_t min_ms) const {
  SeriesView view;
  view.changes = pushed_;
  view.generation = generation_;
  // Most queries are about the newest samples: each pointer left out saves a reference count.
  if (sealed_ != nullptr && min_ms <= sealed_max_ms_) {
    view.sealed = sealed_;
    view.resets = resets_;
    view.resets_size = resets_size_;
  }
  view.head = head_;
  view.head_size = head_size_;
  view.floats_before_head = floats_before_head_;
  view.keeps_resets = keeps_resets_;
  view.is_plain = is_plain_;
  view.interval_ms = interval_ms_;
  view.has_markers = has_markers_;
  view.has_resets = has_resets_;
  return view;
}

}  // namespace sloburn
