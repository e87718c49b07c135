// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/without_markers.h"

#include "engine/model/histogram.h"
#include "engine/model/stale.h"

namespace sloburn {
namespace {

bool IsStaleSample(const SampleView& view, size_t i) {
  if (view.histograms != nullptr && view.histograms[i] != nullptr) {
    return IsStale(view.histograms[i]->sum);
  }
  return IsStale(view.values[i]);
}

}  // namespace

SampleView WithoutMarkers(const SampleView& view, SampleBuffer& kept) {
  if (!view.may_have_markers) return view;
  if (view.histograms == nullptr) {
    if (!HasStale(view.values, view.size)) return view;
  } else {
    size_t first = 0;
    while (first < view.size && !IsStaleSample(view, first)) ++first;
    if (first == view.size) return view;
  }
  kept.Clear();
  kept.timestamps.reserve(view.size);
  kept.values.reserve(view.size);
  for (size_t i = 0; i < view.size; ++i) {
    if (IsStaleSample(view, i)) continue;
    kept.timestamps.push_back(view.timestamps[i]);
    kept.values.push_back(view.values[i]);
    if (view.histograms != nullptr) kept.histograms.push_back(view.histograms[i]);
    if (view.starts != nullptr) kept.starts.push_back(view.starts[i]);
  }
  return kept.View();
}

}  // namespace sloburn
