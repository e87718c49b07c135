// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/stored_series_reader.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "engine/storage/chunk/chunk_codec.h"
#include "engine/storage/stored_facts.h"

namespace sloburn {
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

// The samples of `buffer` in [min_ms, max_ms].
SampleView Between(const SampleBuffer& buffer, int64_t min_ms, int64_t max_ms) {
  SampleView view = buffer.View();
  const int64_t* const begin = view.timestamps;
  const int64_t* const last = std::upper_bound(begin, begin + view.size, max_ms);
  const size_t skip = std::lower_bound(begin, last, min_ms) - begin;
  view.timestamps += skip;
  view.values += skip;
  view.size = (last - begin) - skip;
  if (view.histograms != nullptr) view.histograms += skip;
  if (view.starts != nullptr) view.starts += skip;
  return view;
}

class StoredSeriesReader : public SeriesReader {
 public:
  StoredSeriesReader(Labels labels, SeriesView view, int64_t limit_ms)
      : labels_(std::move(labels)), view_(std::move(view)), limit_ms_(limit_ms) {}

  const Labels& labels() const override { return labels_; }

  SeriesExtent Extent() const override {
    const int64_t* const times = view_.head->timestamps.get();
    const SealedChunks* const sealed = view_.sealed.get();
    return {sealed == nullptr ? times[0] : sealed->min_ms(),
            std::min(limit_ms_, times[view_.head_size - 1]),
            1 + (sealed == nullptr ? 0 : sealed->size())};
  }

  absl::StatusOr<SampleView> Read(int64_t min_ms, int64_t max_ms,
                                  SampleBuffer& buffer) const override {
    max_ms = std::min(max_ms, limit_ms_);
    SampleView samples = HeadSamples(min_ms, max_ms);
    if (view_.sealed != nullptr && min_ms <= view_.sealed->max_ms()) {
      RETURN_IF_ERROR(ReadChunks(min_ms, max_ms, buffer));
      buffer.Append(samples);
      samples = Between(buffer, min_ms, max_ms);
    }
    samples.interval_ms = view_.interval_ms;
    samples.may_have_markers = view_.has_markers;
    samples.may_have_resets = view_.has_resets;
    return samples;
  }

  std::unique_ptr<FactsReader> Facts(const FactsQuery& query) const override {
    if (view_.sealed == nullptr || query.min_ms > view_.sealed->max_ms()) return nullptr;
    if (!query.at_any_cost && !AreFactsCheaper(query)) return nullptr;
    return MakeStoredFacts(view_, limit_ms_, query.kinds, query.windows == 1);
  }

 private:
  SampleView HeadSamples(int64_t min_ms, int64_t max_ms) const {
    const int64_t* const begin = view_.head->timestamps.get();
    const int64_t *first, *last;
    if (view_.interval_ms > 0) {
      last = begin + PositionAfter(max_ms);
      first = std::min(last, begin + PositionAfter(min_ms - 1));
    } else {
      // Most reads are of the newest samples or of all: look there first.
      const int64_t* const end = begin + view_.head_size;
      last = end[-1] <= max_ms ? end : std::upper_bound(begin, end, max_ms);
      first = LowerBoundFromEnd(begin, last, min_ms);
    }
    return view_.head->View(first - begin, last - begin);
  }

  // Of samples at a fixed interval: the first one in the head after `time_ms`.
  size_t PositionAfter(int64_t time_ms) const {
    const int64_t oldest_ms = view_.head->timestamps[0];
    if (time_ms < oldest_ms) return 0;
    return std::min<uint64_t>(view_.head_size, (time_ms - oldest_ms) / view_.interval_ms + 1);
  }

  absl::Status ReadChunks(int64_t min_ms, int64_t max_ms, SampleBuffer& buffer) const {
    const SealedChunks& sealed = *view_.sealed;
    buffer.Clear();
    const size_t begin = sealed.FirstEndingFrom(min_ms);
    size_t end = begin;
    while (end < sealed.size() && sealed.chunk(end).min_ms <= max_ms) ++end;
    const size_t size = sealed.samples_before(end) - sealed.samples_before(begin);
    buffer.timestamps.reserve(size + view_.head_size);
    buffer.values.reserve(size + view_.head_size);
    for (size_t i = begin; i < end; ++i) {
      RETURN_IF_ERROR(DecodeChunk(sealed.chunk(i).bytes, buffer));
    }
    return absl::OkStatus();
  }

  // By what the two ways cost per sample and window, in nanoseconds; only their ratios matter.
  bool AreFactsCheaper(const FactsQuery& query) const {
    constexpr double kDecode = 1.4, kLookAt = 1.2, kSummarize = 3, kWindow = 60;
    const SealedChunks& sealed = *view_.sealed;
    const double all = static_cast<double>(sealed.samples_before(sealed.size()) -
                                           sealed.samples_dropped);
    const int64_t oldest_ms = sealed.min_ms(), newest_ms = sealed.max_ms();
    const double per_ms = all / (static_cast<double>(newest_ms - oldest_ms) + 1);
    const double read = per_ms * static_cast<double>(std::min(query.max_ms, newest_ms) -
                                                     std::max(query.min_ms, oldest_ms));
    const double windows = static_cast<double>(query.windows);
    const double in_chunk = all / static_cast<double>(sealed.size());
    const double in_window = std::min(read, per_ms * static_cast<double>(query.range_ms));
    const double looked_at = query.slides ? read : windows * in_window;
    const double cut = std::min(read, 2 * windows * in_chunk);
    const double summarized =
        query.kinds == 0 || query.kinds == kFactCounterIncrease
            ? 0
            : windows * std::min(in_window, in_chunk);
    return cut * kDecode + summarized * kSummarize + windows * kWindow <
           read * kDecode + looked_at * kLookAt;
  }

  const Labels labels_;
  const SeriesView view_;
  const int64_t limit_ms_;
};

}  // namespace

std::unique_ptr<SeriesReader> MakeStoredSeriesReader(Labels labels, SeriesView view,
                                                     int64_t limit_ms) {
  return std::make_unique<StoredSeriesReader>(std::move(labels), std::move(view), limit_ms);
}

}  // namespace sloburn
