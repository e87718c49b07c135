// SPDX-License-Identifier: Apache-2.0
// Functions of windows that hold native histograms; the rows that use them are in rate.cc and
// over_time.cc.
#pragma once

#include "engine/functions/function.h"

namespace sloburn::engine {

// avg_over_time and sum_over_time; nothing where floats and histograms are mixed.
void MixedAvg(const MixedWindow& window, const double* args, WindowResult& result);
void MixedSum(const MixedWindow& window, const double* args, WindowResult& result);

// Of both kinds.
void MixedCount(const MixedWindow& window, const double* args, WindowResult& result);
void MixedFirst(const MixedWindow& window, const double* args, WindowResult& result);
void MixedLast(const MixedWindow& window, const double* args, WindowResult& result);
void MixedPresent(const MixedWindow& window, const double* args, WindowResult& result);
void MixedTimeOfFirst(const MixedWindow& window, const double* args, WindowResult& result);
void MixedTimeOfLast(const MixedWindow& window, const double* args, WindowResult& result);
void MixedResets(const MixedWindow& window, const double* args, WindowResult& result);
void MixedChanges(const MixedWindow& window, const double* args, WindowResult& result);
void MixedIrate(const MixedWindow& window, const double* args, WindowResult& result);
void MixedIdelta(const MixedWindow& window, const double* args, WindowResult& result);

// The increase (a counter's, resets corrected) or change (a gauge's) from the first to the last of
// the window's histograms, of which there are at least two, not extrapolated; null where they do
// not go together. `starts` may be null. Prometheus' histogramRate.
std::shared_ptr<Histogram> HistogramIncrease(const MixedWindow& window, const int64_t* starts,
                                             bool is_counter, uint32_t* notes);

}  // namespace sloburn::engine
