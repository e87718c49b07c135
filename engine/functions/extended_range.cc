// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/extended_range.h"

#include <algorithm>

#include "engine/functions/histogram_over_time.h"
#include "engine/model/histogram.h"

namespace sloburn::engine {
namespace {

enum class Kind { kDelta, kIncrease, kRate };

double ToSeconds(int64_t ms) {
  return static_cast<double>(ms / 1000) + static_cast<double>(ms % 1000 * 1'000'000) / 1e9;
}

// Positions of the samples that give the values at the edges; none where nothing is in the window.
struct Edges {
  bool has_any = false;
  size_t first = 0, last = 0;
};

Edges FindEdges(const int64_t* times, size_t size, int64_t start_ms, int64_t end_ms,
                bool is_smoothed) {
  Edges edges;
  if (size == 0) return edges;
  edges.last = size - 1;
  // The newest sample at or before the start; without one the first.
  const size_t after = std::upper_bound(times, times + edges.last, start_ms) - times;
  edges.first = after > 0 ? after - 1 : 0;
  if (is_smoothed) edges.last = std::lower_bound(times, times + edges.last, end_ms) - times;
  edges.has_any = times[edges.last] > start_ms && !(is_smoothed && times[edges.first] > end_ms);
  return edges;
}

double ValueAtStart(const Window& w, size_t first, bool is_smoothed, bool is_counter) {
  if (!is_smoothed || w.timestamps[first] >= w.start_ms) return w.values[first];
  double before = w.values[first];
  const double after = w.values[first + 1];
  if (is_counter && after < before) before = 0;
  return InterpolateFloats(w.timestamps[first], before, w.timestamps[first + 1], after, w.start_ms);
}

double ValueAtEnd(const Window& w, size_t last, bool is_smoothed, bool is_counter) {
  if (!is_smoothed || last == 0 || w.timestamps[last] <= w.end_ms) return w.values[last];
  double before = w.values[last - 1];
  const double after = w.values[last];
  if (is_counter && after < before) before = 0;
  return InterpolateFloats(w.timestamps[last - 1], before, w.timestamps[last], after, w.end_ms);
}

// What a counter lost in resets between the edges.
double Lost(const Window& w, const Edges& edges, double left, double right) {
  const size_t begin = edges.first + (w.timestamps[edges.first] <= w.start_ms);
  const size_t end = edges.last + (w.timestamps[edges.last] < w.end_ms);
  double lost = 0, previous = left;
  for (size_t i = begin; i < end; ++i) {
    if (w.values[i] < previous) lost += previous;
    previous = w.values[i];
  }
  return right < previous ? lost + previous : lost;
}

void ExtendFloats(const Window& w, Kind kind, bool is_smoothed, WindowResult& result) {
  const Edges edges = FindEdges(w.timestamps, w.size, w.start_ms, w.end_ms, is_smoothed);
  if (!edges.has_any) return;
  const bool is_counter = kind != Kind::kDelta;
  const double left = ValueAtStart(w, edges.first, is_smoothed, is_counter);
  const double right = ValueAtEnd(w, edges.last, is_smoothed, is_counter);
  double value = right - left;
  if (is_counter) value += Lost(w, edges, left, right);
  if (kind == Kind::kRate) value /= ToSeconds(w.end_ms - w.start_ms);
  result.Set(value);
}

// The histograms of a window and what is made of them on the way to a result.
class HistogramExtension {
 public:
  HistogramExtension(const MixedWindow& window, Kind kind, bool is_smoothed, WindowResult& result)
      : times_(window.histogram_timestamps),
        histograms_(window.histograms),
        start_ms_(window.floats.start_ms),
        end_ms_(window.floats.end_ms),
        kind_(kind),
        is_smoothed_(is_smoothed),
        result_(result),
        edges_(FindEdges(times_, window.histogram_size, start_ms_, end_ms_, is_smoothed)) {}

  void Run() {
    if (!edges_.has_any || !AreCompatible()) return;
    const auto left = AtStart(), right = AtEnd();
    if (left == nullptr || right == nullptr) {
      result_.notes |= kNoteMixedSchemas;
      return;
    }
    if (!is_counter() && (!IsGauge(*left) || !IsGauge(*right))) result_.notes |= kNoteNotGauge;
    Histogram value = *right;
    if (!Take(value.Sub(*left), kNoteBoundsReconciledSub)) return;
    if (is_counter() && !AddLost(*left, *right, value)) return;
    if (kind_ == Kind::kRate) value.Div(ToSeconds(end_ms_ - start_ms_));
    value.reset_hint = CounterResetHint::kGauge;
    value.Compact();
    result_.histogram = std::make_shared<const Histogram>(std::move(value));
  }

 private:
  bool is_counter() const { return kind_ != Kind::kDelta; }
  static bool IsGauge(const Histogram& histogram) {
    return histogram.reset_hint == CounterResetHint::kGauge;
  }

  bool Take(const HistogramSum& how, uint32_t reconciled) {
    if (how.bounds_reconciled) result_.notes |= reconciled;
    if (how.incompatible_schema) result_.notes |= kNoteMixedSchemas;
    return !how.incompatible_schema;
  }

  bool AreCompatible() {
    const bool uses_custom = histograms_[edges_.first]->uses_custom_buckets();
    for (size_t i = edges_.first; i <= edges_.last; ++i) {
      if (histograms_[i]->uses_custom_buckets() != uses_custom) {
        result_.notes |= kNoteMixedSchemas;
        return false;
      }
      if (is_counter() && IsGauge(*histograms_[i])) result_.notes |= kNoteNotCounter;
    }
    return true;
  }

  HistogramPtr Between(size_t i, int64_t time_ms) {
    return InterpolateHistograms(times_[i], *histograms_[i], times_[i + 1], *histograms_[i + 1],
                                 time_ms, is_counter(), &result_.notes);
  }
  HistogramPtr AtStart() {
    const size_t first = edges_.first;
    return is_smoothed_ && times_[first] < start_ms_ ? Between(first, start_ms_)
                                                     : histograms_[first];
  }
  HistogramPtr AtEnd() {
    const size_t last = edges_.last;
    return is_smoothed_ && last > 0 && times_[last] > end_ms_ ? Between(last - 1, end_ms_)
                                                              : histograms_[last];
  }

  // Adds what was lost in resets between the edges.
  bool AddLost(const Histogram& left, const Histogram& right, Histogram& value) {
    size_t next = edges_.first + 1;
    const Histogram* previous = &left;
    if (is_smoothed_ && times_[edges_.first] < start_ms_ &&
        histograms_[next]->DetectReset(*histograms_[edges_.first])) {
      // The value at the start was already counted from the reset on.
      previous = histograms_[next++].get();
    }
    if (next > edges_.last) return true;
    std::optional<Histogram> lost;
    const auto visit = [&](const Histogram& current) {
      if (current.DetectReset(*previous)) {
        if (!lost) {
          lost = *previous;
        } else if (!Take(lost->Add(*previous), kNoteBoundsReconciledAdd)) {
          return false;
        }
      }
      previous = &current;
      return true;
    };
    for (; next < edges_.last; ++next) {
      if (!visit(*histograms_[next])) return false;
    }
    return visit(right) && (!lost || Take(value.Add(*lost), kNoteBoundsReconciledAdd));
  }

  const int64_t* const times_;
  const HistogramPtr* const histograms_;
  const int64_t start_ms_, end_ms_;
  const Kind kind_;
  const bool is_smoothed_;
  WindowResult& result_;
  const Edges edges_;
};

void Extend(const MixedWindow& w, Kind kind, bool is_smoothed, WindowResult& result) {
  if (w.floats.size > 0 && w.histogram_size > 0) {
    result.notes |= kNoteMixed;
  } else if (w.histogram_size > 0) {
    HistogramExtension(w, kind, is_smoothed, result).Run();
  } else {
    ExtendFloats(w.floats, kind, is_smoothed, result);
  }
}

// The window from its anchor on, the newest sample up to its start. Unset where nothing follows.
std::optional<MixedWindow> FromAnchor(const MixedWindow& w) {
  const auto count_up_to_start = [&](const int64_t* times, size_t size) {
    return static_cast<size_t>(std::upper_bound(times, times + size, w.floats.start_ms) - times);
  };
  size_t f = count_up_to_start(w.floats.timestamps, w.floats.size);
  size_t h = count_up_to_start(w.histogram_timestamps, w.histogram_size);
  if (f >= w.floats.size && h >= w.histogram_size) return std::nullopt;
  const bool is_float_anchor =
      f > 0 && (h == 0 || w.floats.timestamps[f - 1] >= w.histogram_timestamps[h - 1]);
  if (is_float_anchor) {
    --f;
  } else if (h > 0) {
    --h;
  }
  MixedWindow anchored = w;
  anchored.floats.timestamps += f;
  anchored.floats.values += f;
  anchored.floats.size -= f;
  anchored.histogram_timestamps += h;
  anchored.histograms += h;
  anchored.histogram_size -= h;
  return anchored;
}

}  // namespace

void ExtendedRate(const MixedWindow& w, bool is_smoothed, WindowResult& result) {
  Extend(w, Kind::kRate, is_smoothed, result);
}

void ExtendedIncrease(const MixedWindow& w, bool is_smoothed, WindowResult& result) {
  Extend(w, Kind::kIncrease, is_smoothed, result);
}

void ExtendedDelta(const MixedWindow& w, bool is_smoothed, WindowResult& result) {
  Extend(w, Kind::kDelta, is_smoothed, result);
}

void AnchoredResets(const MixedWindow& w, bool, WindowResult& result) {
  const auto anchored = FromAnchor(w);
  if (anchored) MixedResets(*anchored, nullptr, result);
}

void AnchoredChanges(const MixedWindow& w, bool, WindowResult& result) {
  const auto anchored = FromAnchor(w);
  if (anchored) MixedChanges(*anchored, nullptr, result);
}

double InterpolateFloats(int64_t t1, double y1, int64_t t2, double y2, int64_t time_ms) {
  return y1 + (y2 - y1) * static_cast<double>(time_ms - t1) / static_cast<double>(t2 - t1);
}

std::shared_ptr<Histogram> InterpolateHistograms(int64_t t1, const Histogram& h1, int64_t t2,
                                                 const Histogram& h2, int64_t time_ms,
                                                 bool is_counter, uint32_t* notes) {
  if (time_ms == t1) return std::make_shared<Histogram>(h1);
  auto result = std::make_shared<Histogram>(h2);
  if (time_ms == t2) return result;
  const double fraction = static_cast<double>(time_ms - t1) / static_cast<double>(t2 - t1);
  if (is_counter && h2.DetectReset(h1)) {
    result->Mul(fraction);
    return result;
  }
  HistogramSum how = result->Sub(h1);
  if (how.incompatible_schema) return nullptr;
  if (how.bounds_reconciled) *notes |= kNoteBoundsReconciledSub;
  result->Mul(fraction);
  how = result->Add(h1);
  if (how.incompatible_schema) return nullptr;
  if (how.bounds_reconciled) *notes |= kNoteBoundsReconciledAdd;
  return result;
}

EdgedSamples WithEdges(const Window& w, bool is_smoothed) {
  EdgedSamples samples;
  Edges edges = FindEdges(w.timestamps, w.size, w.start_ms, w.end_ms, is_smoothed);
  if (w.size == 0 || w.timestamps[edges.last] <= w.start_ms) return samples;
  const auto push = [&samples](int64_t time_ms, double value) {
    samples.timestamps.push_back(time_ms);
    samples.values.push_back(value);
  };
  push(w.start_ms, ValueAtStart(w, edges.first, is_smoothed, false));
  for (size_t i = edges.first; i <= edges.last; ++i) {
    if (w.timestamps[i] > w.start_ms && w.timestamps[i] < w.end_ms) {
      push(w.timestamps[i], w.values[i]);
    }
  }
  push(w.end_ms, ValueAtEnd(w, edges.last, is_smoothed, false));
  return samples;
}

}  // namespace sloburn::engine
