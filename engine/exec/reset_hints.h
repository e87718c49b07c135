// SPDX-License-Identifier: Apache-2.0
// Resets of native histograms told from one sample to the next.
#pragma once

#include "engine/model/histogram.h"
#include "engine/model/stale.h"
#include "engine/storage/storage.h"

namespace sloburn::engine {

// Histogram `i` of the view, with a hint that says whether there was a reset since the sample
// before, where the store did not know.
inline HistogramPtr WithDetectedReset(const SampleView& view, size_t i) {
  const HistogramPtr& histogram = view.histograms[i];
  if (histogram->reset_hint != CounterResetHint::kUnknown || i == 0) return histogram;
  const HistogramPtr& before = view.histograms[i - 1];
  if (before == nullptr || IsStale(before->sum)) return histogram;
  auto copy = std::make_shared<Histogram>(*histogram);
  copy->reset_hint =
      histogram->DetectReset(*before) ? CounterResetHint::kReset : CounterResetHint::kNotReset;
  return copy;
}

}  // namespace sloburn::engine
