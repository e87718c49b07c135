// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iterator>

#include "engine/functions/extended_range.h"
#include "engine/functions/extrapolation.h"
#include "engine/functions/family.h"
#include "engine/functions/histogram_over_time.h"
#include "engine/functions/sliding_rate.h"
#include "engine/functions/start_timestamps.h"
#include "engine/model/histogram.h"

namespace sloburn::engine {
namespace {

// With start timestamps where the window has them; without, `notes` is not touched.
bool Extrapolated(const Window& w, RateKind kind, double* result, uint32_t* notes) {
  const bool is_counter = kind != RateKind::kDelta;
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

void ExtrapolatedHistograms(const MixedWindow& w, RateKind kind, WindowResult& result) {
  const bool is_counter = kind != RateKind::kDelta;
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

void ExtrapolatedMixed(const MixedWindow& w, RateKind kind, WindowResult& result) {
  if (w.floats.size > 0 && w.histogram_size > 0) {
    result.notes |= kNoteMixed;
  } else if (w.histogram_size > 0) {
    ExtrapolatedHistograms(w, kind, result);
  } else {
    result.has_value = Extrapolated(w.floats, kind, &result.value, &result.notes);
  }
}

void MixedDelta(const MixedWindow& w, const double*, WindowResult& result) {
  ExtrapolatedMixed(w, RateKind::kDelta, result);
}
void MixedIncrease(const MixedWindow& w, const double*, WindowResult& result) {
  ExtrapolatedMixed(w, RateKind::kIncrease, result);
}
void MixedRate(const MixedWindow& w, const double*, WindowResult& result) {
  ExtrapolatedMixed(w, RateKind::kRate, result);
}

bool Delta(const Window& w, const double*, double* result) {
  return Extrapolated(w, RateKind::kDelta, result, nullptr);
}
bool Increase(const Window& w, const double*, double* result) {
  return Extrapolated(w, RateKind::kIncrease, result, nullptr);
}
bool Rate(const Window& w, const double*, double* result) {
  return Extrapolated(w, RateKind::kRate, result, nullptr);
}

// `change` as the samples would have told it.
bool ExtrapolatedFacts(const WindowFacts& facts, int64_t start_ms, int64_t end_ms, RateKind kind,
                       double change, double* result) {
  if (facts.count < 2) return false;
  const Extent extent = {facts.first.timestamp_ms, facts.last.timestamp_ms, start_ms, end_ms,
                         static_cast<size_t>(facts.count), 0};
  *result = change * ExtrapolationFactor(extent, kind, change, facts.first.value);
  return true;
}

bool DeltaOfFacts(const WindowFacts& facts, int64_t start_ms, int64_t end_ms, double* result) {
  return ExtrapolatedFacts(facts, start_ms, end_ms, RateKind::kDelta,
                           facts.last.value - facts.first.value, result);
}
bool IncreaseOfFacts(const WindowFacts& facts, int64_t start_ms, int64_t end_ms, double* result) {
  return ExtrapolatedFacts(facts, start_ms, end_ms, RateKind::kIncrease, facts.increase, result);
}
bool RateOfFacts(const WindowFacts& facts, int64_t start_ms, int64_t end_ms, double* result) {
  return ExtrapolatedFacts(facts, start_ms, end_ms, RateKind::kRate, facts.increase, result);
}

bool ResetsOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = static_cast<double>(facts.resets);
  return true;
}
bool ChangesOfFacts(const WindowFacts& facts, int64_t, int64_t, double* result) {
  *result = static_cast<double>(facts.changes);
  return true;
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
             OfFacts(kFactCounterIncrease, RateOfFacts,
                     UsingStarts(OfCounter(Mixed(
                         MixedRate, Sliding(SlidingRate,
                                            OverTime("rate", Rate,
                                                     "The per-second increase of a counter."))))))),
    Extended(ExtendedIncrease, true,
             OfFacts(kFactCounterIncrease, IncreaseOfFacts,
                     UsingStarts(OfCounter(Mixed(
                         MixedIncrease, Sliding(SlidingIncrease,
                                                OverTime("increase", Increase,
                                                         "The increase of a counter."))))))),
    Extended(ExtendedDelta, true,
             OfFacts(0, DeltaOfFacts,
                     Mixed(MixedDelta, Sliding(SlidingDelta, OverTime("delta", Delta,
                                                                      "The change of a gauge."))))),
    UsingStarts(Mixed(MixedIrate, OverTime("irate", Irate,
                                           "The per-second increase between the last two samples."))),
    Mixed(MixedIdelta, OverTime("idelta", Idelta, "The change between the last two samples.")),
    Extended(AnchoredResets, false,
             OfFacts(kFactResets, ResetsOfFacts,
                     UsingStarts(Mixed(MixedResets, OverTime("resets", Resets,
                                                             "How often a counter was reset."))))),
    Extended(AnchoredChanges, false,
             OfFacts(kFactChanges, ChangesOfFacts,
                     Mixed(MixedChanges, OverTime("changes", Changes,
                                                  "How often the value changed.")))),
};

}  // namespace

Family RateFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
