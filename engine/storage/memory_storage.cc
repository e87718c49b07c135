// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/memory_storage.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "engine/model/histogram.h"
#include "engine/model/stale.h"

namespace sloburn {
namespace {

constexpr size_t kFirstCapacity = 16;

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
enum class Verdict { kAccept, kIgnore, kOutOfOrder, kDuplicate };

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
  MemorySnapshot(const MemoryStorage* storage, std::vector<uint64_t> ends)
      : storage_(storage), ends_(std::move(ends)) {}

  absl::StatusOr<SeriesSet> Select(const Matchers& matchers, int64_t min_ms,
                                   int64_t max_ms) const override;

 private:
  const MemoryStorage* storage_;
  std::vector<uint64_t> ends_;  // per series id: samples ever appended when this was taken
};

namespace {

// The first of the ascending times [begin, end) that is not below `min_ms`. Doubles its steps from
// the end, so that few cache lines are touched where the answer is near it.
const int64_t* LowerBoundFromEnd(const int64_t* begin, const int64_t* end, int64_t min_ms) {
  ptrdiff_t step = 1;
  const int64_t* after = end;
  while (after - begin > step && after[-step] >= min_ms) {
    after -= step;
    step *= 2;
  }
  return std::lower_bound(std::max(begin, after - step), after, min_ms);
}

template <typename Columns>
class ColumnReader : public SeriesReader {
 public:
  ColumnReader(Labels labels, std::shared_ptr<Columns> columns, size_t size, int64_t oldest_ms,
               int64_t interval_ms, bool has_markers, bool has_resets)
      : labels_(std::move(labels)),
        columns_(std::move(columns)),
        size_(size),
        oldest_ms_(oldest_ms),
        interval_ms_(interval_ms),
        has_markers_(has_markers),
        has_resets_(has_resets) {}

  const Labels& labels() const override { return labels_; }

  absl::StatusOr<SampleView> Read(int64_t min_ms, int64_t max_ms, SampleBuffer&) const override {
    const int64_t* const begin = columns_->timestamps.get();
    const int64_t *first, *last;
    if (interval_ms_ > 0) {
      last = begin + PositionAfter(max_ms);
      first = std::min(last, begin + PositionAfter(min_ms - 1));
    } else {
      // Most reads are of the newest samples or of all: look there first.
      const int64_t* const end = begin + size_;
      last = size_ == 0 || end[-1] <= max_ms ? end : std::upper_bound(begin, end, max_ms);
      first = LowerBoundFromEnd(begin, last, min_ms);
    }
    const size_t skip = first - begin;
    const HistogramPtr* const histograms = columns_->histograms.get();
    return SampleView{first, columns_->values.get() + skip, static_cast<size_t>(last - first),
                      histograms == nullptr ? nullptr : histograms + skip,
                      columns_->starts == nullptr ? nullptr : columns_->starts.get() + skip,
                      interval_ms_, has_markers_, has_resets_};
  }

 private:
  // Of samples at a fixed interval: the first one after `time_ms`.
  size_t PositionAfter(int64_t time_ms) const {
    if (time_ms < oldest_ms_) return 0;
    return std::min<uint64_t>(size_, (time_ms - oldest_ms_) / interval_ms_ + 1);
  }

  const Labels labels_;
  const std::shared_ptr<Columns> columns_;
  const size_t size_;
  const int64_t oldest_ms_;
  const int64_t interval_ms_;
  const bool has_markers_;
  const bool has_resets_;
};

}  // namespace

absl::StatusOr<SeriesSet> MemorySnapshot::Select(const Matchers& matchers, int64_t min_ms,
                                                 int64_t max_ms) const {
  SeriesSet found;
  absl::ReaderMutexLock lock(&storage_->mutex_);
  for (const SeriesIndex::Id id : storage_->index_.Select(matchers)) {
    if (id >= ends_.size()) break;  // ids ascend: all that follow are younger than the snapshot
    const MemoryStorage::Series& series = storage_->series_[id];
    if (ends_[id] <= series.forgotten) continue;
    const size_t size = std::min<size_t>(ends_[id] - series.forgotten, series.size);
    const int64_t newest_ms =
        size == series.size ? series.newest_ms : series.columns->timestamps[size - 1];
    if (series.oldest_ms > max_ms || newest_ms < min_ms) continue;
    found.push_back(std::make_unique<ColumnReader<MemoryStorage::Columns>>(
        storage_->index_.labels(id), series.columns, size, series.oldest_ms,
        series.interval_ms, series.has_markers, series.has_resets));
  }
  return found;
}

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
    std::vector<Sample> samples;
    std::vector<HistogramPtr> histograms;  // empty, or as long as `samples`; so is this:
    std::vector<int64_t> starts;
    Newest newest;
    bool has_newest = false;
  };

  absl::StatusOr<Pending*> Resolve(const Labels& labels);

  MemoryStorage* const storage_;
  std::unordered_map<Labels, size_t, LabelsHash> positions_;
  std::vector<Pending> pending_;  // in order of first appearance: series ids follow it
  size_t last_position_ = 0;
  size_t new_series_ = 0;
  int64_t refused_ = 0;
};

absl::Status MemoryAppender::AppendStarted(const Labels& labels, int64_t timestamp_ms,
                                           int64_t start_ms, double value,
                                           HistogramPtr histogram) {
  ASSIGN_OR_RETURN(Pending * pending, Resolve(labels));
  if (pending->has_newest) {
    const Verdict verdict = Judge(pending->newest, timestamp_ms, value, histogram);
    if (verdict == Verdict::kIgnore) return absl::OkStatus();
    if (verdict != Verdict::kAccept) {
      ++refused_;
      return Refusal(verdict, pending->newest, timestamp_ms, value, histogram);
    }
  }
  if (histogram != nullptr) {
    const CounterResetHint hint = StoredHint(pending->newest, pending->has_newest, *histogram);
    histogram = WithHint(std::move(histogram), hint);
  }
  pending->newest = {timestamp_ms, value, histogram};
  pending->has_newest = true;
  pending->samples.push_back({timestamp_ms, value});
  if (histogram != nullptr || !pending->histograms.empty()) {
    pending->histograms.resize(pending->samples.size());
    pending->histograms.back() = std::move(histogram);
  }
  if (start_ms != 0 || !pending->starts.empty()) {
    pending->starts.resize(pending->samples.size());
    pending->starts.back() = start_ms;
  }
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
    if (!id && storage_->series_.size() + new_series_ >= storage_->options_.max_series) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the limit of ", storage_->options_.max_series,
                       " series is reached; new series are refused (--storage.max-series)"));
    }
    if (!id) ++new_series_;
    if (id && storage_->series_[*id].size > 0) {
      const MemoryStorage::Series& series = storage_->series_[*id];
      const MemoryStorage::Columns& columns = *series.columns;
      const size_t last = series.size - 1;
      fresh.newest = {columns.timestamps[last], columns.values[last],
                      columns.histograms == nullptr ? nullptr : columns.histograms[last]};
      fresh.has_newest = true;
    }
  }
  last_position_ = pending_.size();
  positions_.emplace(labels, last_position_);
  pending_.push_back(std::move(fresh));
  return &pending_.back();
}

absl::Status MemoryAppender::Commit() {
  absl::MutexLock lock(&storage_->mutex_);
  storage_->stats_.out_of_order += refused_;
  refused_ = 0;
  // Another appender may have committed since Append looked: judge again before changing anything.
  for (const Pending& pending : pending_) {
    if (pending.samples.empty()) continue;
    const auto id = storage_->index_.Find(pending.labels);
    if (!id || storage_->series_[*id].size == 0) continue;
    const MemoryStorage::Series& series = storage_->series_[*id];
    if (series.columns->timestamps[series.size - 1] >= pending.samples.front().timestamp_ms) {
      return absl::OutOfRangeError("out of order sample");
    }
  }
  for (const Pending& pending : pending_) {
    if (pending.samples.empty()) continue;
    auto id = storage_->index_.Find(pending.labels);
    if (!id) {
      id = storage_->index_.Add(pending.labels);
      storage_->series_.emplace_back();
    }
    MemoryStorage::Series& series = storage_->series_[*id];
    for (size_t i = 0; i < pending.samples.size(); ++i) {
      const Sample& sample = pending.samples[i];
      storage_->Push(series, {sample.timestamp_ms, pending.starts.empty() ? 0 : pending.starts[i],
                              sample.value,
                              pending.histograms.empty() ? nullptr : pending.histograms[i]});
    }
  }
  pending_.clear();
  positions_.clear();
  new_series_ = 0;
  return absl::OkStatus();
}

void MemoryStorage::Grow(Series& series, size_t capacity) {
  size_t skip = 0;
  if (series.size > 0 && options_.retention != absl::InfiniteDuration()) {
    const int64_t* const begin = series.columns->timestamps.get();
    const int64_t oldest =
        begin[series.size - 1] - absl::ToInt64Milliseconds(options_.retention);
    skip = std::lower_bound(begin, begin + series.size, oldest) - begin;
    if (skip > 0) capacity = std::max(kFirstCapacity, (series.size - skip) * 3 / 2);
  }
  auto larger = std::make_shared<Columns>(capacity);
  const size_t kept = series.size - skip;
  if (kept > 0) {
    std::copy_n(series.columns->timestamps.get() + skip, kept, larger->timestamps.get());
    std::copy_n(series.columns->values.get() + skip, kept, larger->values.get());
  }
  if (series.columns != nullptr && series.columns->histograms != nullptr) {
    larger->histograms = std::make_unique<HistogramPtr[]>(capacity);
    std::copy_n(series.columns->histograms.get() + skip, kept, larger->histograms.get());
  }
  if (series.columns != nullptr && series.columns->starts != nullptr) {
    larger->starts = std::make_unique<int64_t[]>(capacity);
    std::copy_n(series.columns->starts.get() + skip, kept, larger->starts.get());
  }
  if (kept > 0) series.oldest_ms = larger->timestamps[0];
  series.columns = std::move(larger);
  series.size = kept;
  series.forgotten += skip;
  stats_.samples -= static_cast<int64_t>(skip);
}

void MemoryStorage::Push(Series& series, NewSample sample) {
  if (series.columns == nullptr) {
    Grow(series, kFirstCapacity);
  } else if (series.size == series.columns->capacity) {
    Grow(series, series.size + series.size / 2 + kFirstCapacity);
  }
  const bool needs_histograms =
      sample.histogram != nullptr && series.columns->histograms == nullptr;
  const bool needs_starts = sample.start_ms != 0 && series.columns->starts == nullptr;
  // Readers may hold these columns: what is new comes with a copy.
  if (needs_histograms || needs_starts) Grow(series, series.columns->capacity);
  Columns& columns = *series.columns;
  if (needs_histograms) columns.histograms = std::make_unique<HistogramPtr[]>(columns.capacity);
  if (needs_starts) columns.starts = std::make_unique<int64_t[]>(columns.capacity);
  const int64_t timestamp_ms = sample.timestamp_ms;
  series.has_markers |= IsStale(sample.histogram == nullptr ? sample.value : sample.histogram->sum);
  if (columns.histograms != nullptr) {
    columns.histograms[series.size] = std::move(sample.histogram);
  }
  if (columns.starts != nullptr) columns.starts[series.size] = sample.start_ms;
  columns.timestamps[series.size] = timestamp_ms;
  columns.values[series.size] = sample.value;
  series.has_resets |= series.size > 0 && sample.value < columns.values[series.size - 1];
  const uint64_t appended = series.forgotten + series.size;
  const int64_t distance = timestamp_ms - series.newest_ms;
  if (appended == 1) series.interval_ms = distance;
  if (appended > 1 && series.interval_ms != distance) series.interval_ms = 0;
  ++series.size;
  series.oldest_ms = columns.timestamps[0];
  series.newest_ms = timestamp_ms;
  const bool is_first = stats_.appended == 0;
  stats_.min_time_ms = is_first ? timestamp_ms : std::min(stats_.min_time_ms, timestamp_ms);
  stats_.max_time_ms = is_first ? timestamp_ms : std::max(stats_.max_time_ms, timestamp_ms);
  ++stats_.appended;
  ++stats_.samples;
}

void MemoryStorage::Reserve(const Labels& labels, size_t samples) {
  absl::MutexLock lock(&mutex_);
  const auto id = index_.Find(labels);
  if (!id) return;
  Series& series = series_[*id];
  if (series.columns->capacity < series.size + samples) Grow(series, series.size + samples);
}

std::shared_ptr<const Snapshot> MemoryStorage::TakeSnapshot() const {
  absl::ReaderMutexLock lock(&mutex_);
  std::vector<uint64_t> ends(series_.size());
  for (size_t i = 0; i < series_.size(); ++i) ends[i] = series_[i].forgotten + series_[i].size;
  return std::make_shared<MemorySnapshot>(this, std::move(ends));
}

std::unique_ptr<Appender> MemoryStorage::NewAppender() {
  return std::make_unique<MemoryAppender>(this);
}

StorageStats MemoryStorage::Stats() const {
  absl::ReaderMutexLock lock(&mutex_);
  StorageStats stats = stats_;
  stats.series = series_.size();
  return stats;
}

}  // namespace sloburn
