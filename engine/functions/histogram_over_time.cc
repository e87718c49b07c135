// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/histogram_over_time.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/functions/histogram_total.h"
#include "engine/functions/start_timestamps.h"
#include "engine/model/histogram.h"

namespace sloburn::engine {
namespace {

struct Element {
  int64_t timestamp_ms;
  double value;
  const HistogramPtr* histogram;  // null: a float
  SampleSpan span;
};

// Both kinds in time order. Two of one time cannot be in one series.
std::vector<Element> InOrder(const MixedWindow& w) {
  std::vector<Element> elements;
  elements.reserve(w.floats.size + w.histogram_size);
  size_t f = 0, h = 0;
  while (f < w.floats.size || h < w.histogram_size) {
    const bool takes_float =
        h >= w.histogram_size ||
        (f < w.floats.size && w.floats.timestamps[f] < w.histogram_timestamps[h]);
    if (takes_float) {
      const int64_t start_ms = w.floats.starts == nullptr ? 0 : w.floats.starts[f];
      elements.push_back({w.floats.timestamps[f], w.floats.values[f], nullptr,
                          {start_ms, w.floats.timestamps[f]}});
      ++f;
    } else {
      const int64_t start_ms = w.histogram_starts == nullptr ? 0 : w.histogram_starts[h];
      elements.push_back({w.histogram_timestamps[h], 0, &w.histograms[h],
                          {start_ms, w.histogram_timestamps[h]}});
      ++h;
    }
  }
  return elements;
}

void Total(const MixedWindow& w, bool is_mean, WindowResult& result) {
  if (w.floats.size > 0) {
    result.notes |= kNoteMixed;
    return;
  }
  HistogramTotal total(*w.histograms[0], is_mean);
  for (size_t i = 1; i < w.histogram_size; ++i) {
    if (total.Add(*w.histograms[i])) continue;
    result.notes = kNoteMixedSchemas;
    return;
  }
  if (total.has_reset_collision()) result.notes |= kNoteResetCollision;
  if (total.has_reconciled_bounds()) result.notes |= kNoteBoundsReconciledAgg;
  result.histogram = std::make_shared<const Histogram>(total.Result());
}

void Yield(const Element& element, WindowResult& result) {
  if (element.histogram == nullptr) {
    result.Set(element.value);
  } else {
    result.histogram = *element.histogram;
  }
}

double ToSeconds(int64_t timestamp_ms) { return static_cast<double>(timestamp_ms) / 1000; }

bool IsGauge(const Histogram& histogram) {
  return histogram.reset_hint == CounterResetHint::kGauge;
}

void InstantChangeOfHistograms(const Element& older, const Element& newer, double seconds,
                               bool is_rate, WindowResult& result) {
  const Histogram &before = **older.histogram, &last = **newer.histogram;
  Histogram change = last;
  if (is_rate && (IsGauge(last) || IsGauge(before))) result.notes |= kNoteNotCounter;
  if (!is_rate && (!IsGauge(last) || !IsGauge(before))) result.notes |= kNoteNotGauge;
  const bool is_reset =
      is_rate && (IsStartReset(older.span, newer.span) || last.DetectReset(before));
  if (!is_reset) {
    const HistogramSum how = change.Sub(before);
    if (how.incompatible_schema) {
      result.notes |= kNoteMixedSchemas;
      return;
    }
    if (how.bounds_reconciled) result.notes |= kNoteBoundsReconciledSub;
  }
  change.reset_hint = CounterResetHint::kGauge;
  change.Compact();
  if (is_rate) change.Div(seconds);
  result.histogram = std::make_shared<const Histogram>(std::move(change));
}

void InstantChange(const MixedWindow& w, bool is_rate, WindowResult& result) {
  const std::vector<Element> elements = InOrder(w);
  if (elements.size() < 2) return;
  const Element& last = elements.back();
  const Element& before = elements[elements.size() - 2];
  const int64_t interval_ms = last.timestamp_ms - before.timestamp_ms;
  if (interval_ms == 0) return;
  const double seconds = ToSeconds(interval_ms);
  if ((last.histogram == nullptr) != (before.histogram == nullptr)) {
    result.notes |= kNoteMixed;
  } else if (last.histogram != nullptr) {
    InstantChangeOfHistograms(before, last, seconds, is_rate, result);
  } else {
    const bool is_reset =
        is_rate && (last.value < before.value || IsStartReset(before.span, last.span));
    const double change = is_reset ? last.value : last.value - before.value;
    result.Set(is_rate ? change / seconds : change);
  }
}

// An empty histogram with the buckets of `like`.
Histogram EmptyLike(const Histogram& like) {
  Histogram empty;
  empty.schema = like.schema;
  empty.custom_values = like.custom_values;
  return empty;
}

}  // namespace

void MixedAvg(const MixedWindow& w, const double*, WindowResult& result) {
  Total(w, true, result);
}

void MixedSum(const MixedWindow& w, const double*, WindowResult& result) {
  Total(w, false, result);
}

void MixedCount(const MixedWindow& w, const double*, WindowResult& result) {
  result.Set(static_cast<double>(w.floats.size + w.histogram_size));
}

void MixedFirst(const MixedWindow& w, const double*, WindowResult& result) {
  Yield(InOrder(w).front(), result);
}

void MixedLast(const MixedWindow& w, const double*, WindowResult& result) {
  Yield(InOrder(w).back(), result);
}

void MixedPresent(const MixedWindow&, const double*, WindowResult& result) { result.Set(1); }

void MixedTimeOfFirst(const MixedWindow& w, const double*, WindowResult& result) {
  result.Set(ToSeconds(InOrder(w).front().timestamp_ms));
}

void MixedTimeOfLast(const MixedWindow& w, const double*, WindowResult& result) {
  result.Set(ToSeconds(InOrder(w).back().timestamp_ms));
}

void MixedResets(const MixedWindow& w, const double*, WindowResult& result) {
  const std::vector<Element> elements = InOrder(w);
  int resets = 0;
  for (size_t i = 1; i < elements.size(); ++i) {
    const Element &now = elements[i], &before = elements[i - 1];
    if ((now.histogram == nullptr) != (before.histogram == nullptr)) {
      ++resets;
    } else if (now.histogram == nullptr) {
      resets += now.value < before.value || IsStartReset(before.span, now.span);
    } else {
      resets += IsStartReset(before.span, now.span) ||
                (*now.histogram)->DetectReset(**before.histogram);
    }
  }
  result.Set(resets);
}

void MixedChanges(const MixedWindow& w, const double*, WindowResult& result) {
  const std::vector<Element> elements = InOrder(w);
  int changes = 0;
  for (size_t i = 1; i < elements.size(); ++i) {
    const Element &now = elements[i], &before = elements[i - 1];
    if ((now.histogram == nullptr) != (before.histogram == nullptr)) {
      ++changes;
    } else if (now.histogram == nullptr) {
      changes += now.value != before.value && !(std::isnan(now.value) && std::isnan(before.value));
    } else {
      changes += !(**now.histogram == **before.histogram);
    }
  }
  result.Set(changes);
}

void MixedIrate(const MixedWindow& w, const double*, WindowResult& result) {
  InstantChange(w, true, result);
}

void MixedIdelta(const MixedWindow& w, const double*, WindowResult& result) {
  InstantChange(w, false, result);
}

std::shared_ptr<Histogram> HistogramIncrease(const MixedWindow& w, const int64_t* starts,
                                             bool is_counter, uint32_t* notes) {
  const HistogramPtr* const histograms = w.histograms;
  const size_t size = w.histogram_size;
  const auto span = [&](size_t i) {
    return SampleSpan{starts == nullptr ? 0 : starts[i], w.histogram_timestamps[i]};
  };
  const Histogram& last = *histograms[size - 1];
  const auto fail = [notes](uint32_t note) {
    *notes |= note;
    return nullptr;
  };
  if (is_counter && (IsGauge(*histograms[0]) || IsGauge(last))) *notes |= kNoteNotCounter;
  // After a reset between the first two the first says nothing, and its buckets may be others.
  Histogram first;
  const Histogram* previous = histograms[0].get();
  if (is_counter &&
      (IsStartReset(span(0), span(1)) || histograms[1]->DetectReset(*previous))) {
    first = EmptyLike(*histograms[1]);
    previous = &first;
  }
  const bool uses_custom = previous->uses_custom_buckets();
  if (last.uses_custom_buckets() != uses_custom) return fail(kNoteMixedSchemas);
  int32_t schema = std::min(last.schema, previous->schema);
  for (size_t i = 1; is_counter && i + 1 < size; ++i) {
    const Histogram& current = *histograms[i];
    if (IsGauge(current)) *notes |= kNoteNotCounter;
    schema = std::min(schema, current.schema);
    if (current.uses_custom_buckets() != uses_custom) {
      *notes = 0;
      return fail(kNoteMixedSchemas);
    }
  }
  auto change = std::make_shared<Histogram>(last);
  if (schema != last.schema) {
    change->ReduceResolution(schema);
    change->reset_hint = CounterResetHint::kUnknown;
  }
  if (change->Sub(*previous).bounds_reconciled) *notes |= kNoteBoundsReconciledSub;
  for (size_t i = 1; is_counter && i < size; ++i) {
    const Histogram& current = *histograms[i];
    if (StartOverlaps(span(i - 1), span(i))) *notes |= kNoteStartOverlap;
    const bool is_reset = IsStartReset(span(i - 1), span(i)) || current.DetectReset(*previous);
    if (is_reset && change->Add(*previous).bounds_reconciled) {
      *notes |= kNoteBoundsReconciledAdd;
    }
    previous = &current;
  }
  if (!is_counter && (!IsGauge(*histograms[0]) || !IsGauge(last))) *notes |= kNoteNotGauge;
  change->reset_hint = CounterResetHint::kGauge;
  change->Compact();
  return change;
}

}  // namespace sloburn::engine
