// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iterator>

#include "engine/functions/extended_range.h"
#include "engine/functions/family.h"
#include "engine/functions/histogram_over_time.h"
#include "engine/functions/start_timestamps.h"
#include "engine/model/histogram.h"

namespace sloburn::engine {
namespace {

enum class Kind { kDelta, kIncrease, kRate };

// Whole and fractional seconds apart, as Go's Duration.Seconds rounds.
double ToSeconds(int64_t ms) {
  return static_cast<double>(ms / 1000) + static_cast<double>(ms % 1000 * 1'000'000) / 1e9;
}

// Where the samples of a window lie in it.
struct Extent {
  int64_t first_ms, last_ms;
  int64_t start_ms, end_ms;
  size_t size;
  int64_t first_start_ms;  // when the first sample began to count; 0: unknown or not in the window

  bool has_start() const { return first_start_ms > start_ms && first_start_ms < first_ms; }
};

// What the change `value` from `first` on is to be multiplied with, so that it covers the window to
// its edges: parity of Prometheus' extrapolatedRate, operation by operation.
double ExtrapolationFactor(const Extent& w, Kind kind, double value, double first) {
  double to_start = static_cast<double>(w.first_ms - w.start_ms) / 1000;
  double to_end = static_cast<double>(w.end_ms - w.last_ms) / 1000;
  double interval = static_cast<double>(w.last_ms - w.first_ms) / 1000;
  const double average = w.size > 1 ? interval / static_cast<double>(w.size - 1) : 0;
  const double threshold = average * 1.1;
  if (w.has_start()) {
    // The series is known to begin within the window.
    to_start = 0;
    interval = static_cast<double>(w.last_ms - w.first_start_ms) / 1000;
  } else {
    // One that seems to begin or end there is carried on by half a sample distance only.
    if (to_start >= threshold) to_start = average / 2;
    if (kind != Kind::kDelta) {
      // A counter is never extrapolated below zero.
      double to_zero = to_start;
      if (value > 0 && first >= 0) to_zero = interval * (first / value);
      if (to_zero < to_start) to_start = to_zero;
    }
  }
  if (to_end >= threshold) to_end = average / 2;
  double factor = (interval + to_start + to_end) / interval;
  if (kind == Kind::kRate) factor /= ToSeconds(w.end_ms - w.start_ms);
  return factor;
}

// With start timestamps where the window has them; without, `notes` is not touched.
bool Extrapolated(const Window& w, Kind kind, double* result, uint32_t* notes) {
  const bool is_counter = kind != Kind::kDelta;
  const Extent extent = {w.timestamps[0], w.timestamps[w.size - 1], w.start_ms, w.end_ms, w.size,
                         is_counter && w.starts != nullptr ? w.starts[0] : 0};
  if (w.size < 2 && !extent.has_start()) return false;
  const double first = w.values[0];
  double value = w.values[w.size - 1] - first;
  if (is_counter && w.starts == nullptr) {
    for (size_t i = 1; i < w.size; ++i) {
      if (w.values[i] < w.values[i - 1]) value += w.values[i - 1];
    }
  } else if (is_counter) {
    for (size_t i = 1; i < w.size; ++i) {
      const SampleSpan before = {w.starts[i - 1], w.timestamps[i - 1]};
      const SampleSpan now = {w.starts[i], w.timestamps[i]};
      if (StartOverlaps(before, now)) *notes |= kNoteStartOverlap;
      if (w.values[i] < w.values[i - 1] || IsStartReset(before, now)) value += w.values[i - 1];
    }
  }
  if (extent.has_start()) value += first;
  *result = value * ExtrapolationFactor(extent, kind, value, first);
  return true;
}

void ExtrapolatedHistograms(const MixedWindow& w, Kind kind, WindowResult& result) {
  const bool is_counter = kind != Kind::kDelta;
  const int64_t* const starts = is_counter ? w.histogram_starts : nullptr;
  const Extent extent = {w.histogram_timestamps[0], w.histogram_timestamps[w.histogram_size - 1],
                         w.floats.start_ms, w.floats.end_ms, w.histogram_size,
                         starts != nullptr ? starts[0] : 0};
  if (w.histogram_size < 2 && !extent.has_start()) return;
  std::shared_ptr<Histogram> increase;
  if (w.histogram_size > 1) {
    increase = HistogramIncrease(w, starts, is_counter, &result.notes);
    if (increase == nullptr) return;
  }
  const Histogram& first = *w.histograms[0];
  if (increase == nullptr) {
    increase = std::make_shared<Histogram>(first);
  } else if (extent.has_start()) {
    const HistogramSum how = increase->Add(first);
    if (how.bounds_reconciled) result.notes |= kNoteBoundsReconciledAdd;
    if (how.incompatible_schema) {
      result.notes |= kNoteMixedSchemas;
      return;
    }
  }
  increase->Mul(ExtrapolationFactor(extent, kind, increase->count, first.count));
  result.histogram = std::move(increase);
}

void ExtrapolatedMixed(const MixedWindow& w, Kind kind, WindowResult& result) {
  if (w.floats.size > 0 && w.histogram_size > 0) {
    result.notes |= kNoteMixed;
  } else if (w.histogram_size > 0) {
    ExtrapolatedHistograms(w, kind, result);
  } else {
    result.has_value = Extrapolated(w.floats, kind, &result.value, &result.notes);
  }
}

void MixedDelta(const MixedWindow& w, const double*, WindowResult& result) {
  ExtrapolatedMixed(w, Kind::kDelta, result);
}
void MixedIncrease(const MixedWindow& w, const double*, WindowResult& result) {
  ExtrapolatedMixed(w, Kind::kIncrease, result);
}
void MixedRate(const MixedWindow& w, const double*, WindowResult& result) {
  ExtrapolatedMixed(w, Kind::kRate, result);
}

bool Delta(const Window& w, const double*, double* result) {
  return Extrapolated(w, Kind::kDelta, result, nullptr);
}
bool Increase(const Window& w, const double*, double* result) {
  return Extrapolated(w, Kind::kIncrease, result, nullptr);
}
bool Rate(const Window& w, const double*, double* result) {
  return Extrapolated(w, Kind::kRate, result, nullptr);
}

bool InstantChange(const Window& w, bool is_rate, double* result) {
  if (w.size < 2) return false;
  const double last = w.values[w.size - 1];
  const double previous = w.values[w.size - 2];
  const int64_t interval_ms = w.timestamps[w.size - 1] - w.timestamps[w.size - 2];
  if (interval_ms == 0) return false;
  if (!is_rate) {
    *result = last - previous;
    return true;
  }
  *result = last < previous ? last : last - previous;
  *result /= static_cast<double>(interval_ms) / 1000;
  return true;
}

bool Irate(const Window& w, const double*, double* result) {
  return InstantChange(w, true, result);
}
bool Idelta(const Window& w, const double*, double* result) {
  return InstantChange(w, false, result);
}

bool Resets(const Window& w, const double*, double* result) {
  int resets = 0;
  for (size_t i = 1; i < w.size; ++i) resets += w.values[i] < w.values[i - 1];
  *result = resets;
  return true;
}

bool Changes(const Window& w, const double*, double* result) {
  int changes = 0;
  for (size_t i = 1; i < w.size; ++i) {
    const double current = w.values[i], previous = w.values[i - 1];
    changes += current != previous && !(std::isnan(current) && std::isnan(previous));
  }
  *result = changes;
  return true;
}

constexpr FunctionRow OfCounter(FunctionRow row) {
  row.expects_counter = true;
  return row;
}

constexpr FunctionRow UsingStarts(FunctionRow row) {
  row.uses_starts = true;
  return row;
}

constexpr FunctionRow Extended(ExtendedWindowFunction extended, bool takes_smoothed,
                               FunctionRow row) {
  row.extended = extended;
  row.takes_smoothed = takes_smoothed;
  return row;
}

constexpr FunctionRow kRows[] = {
    Extended(ExtendedRate, true,
             UsingStarts(OfCounter(Mixed(
                 MixedRate, OverTime("rate", Rate, "The per-second increase of a counter."))))),
    Extended(ExtendedIncrease, true,
             UsingStarts(OfCounter(Mixed(
                 MixedIncrease, OverTime("increase", Increase, "The increase of a counter."))))),
    Extended(ExtendedDelta, true,
             Mixed(MixedDelta, OverTime("delta", Delta, "The change of a gauge."))),
    UsingStarts(Mixed(MixedIrate, OverTime("irate", Irate,
                                           "The per-second increase between the last two samples."))),
    Mixed(MixedIdelta, OverTime("idelta", Idelta, "The change between the last two samples.")),
    Extended(AnchoredResets, false,
             UsingStarts(Mixed(MixedResets,
                               OverTime("resets", Resets, "How often a counter was reset.")))),
    Extended(AnchoredChanges, false,
             Mixed(MixedChanges, OverTime("changes", Changes, "How often the value changed."))),
};

}  // namespace

Family RateFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
