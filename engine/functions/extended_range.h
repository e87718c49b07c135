// SPDX-License-Identifier: Apache-2.0
// Functions of range selectors with the modifier anchored or smoothed: their windows come with
// samples around them, which give values at the very edges instead of extrapolated ones.
//
// anchored: the value at the start is that of the newest sample up to there, at the end the last.
// smoothed: values at both edges lie on the line between the samples around them.
#pragma once

#include "engine/functions/function.h"

namespace sloburn::engine {

// The samples reach over the edges start_ms and end_ms of window.floats by the lookback delta, for
// `is_smoothed` at both ends, otherwise at the start.
void ExtendedRate(const MixedWindow& window, bool is_smoothed, WindowResult& result);
void ExtendedIncrease(const MixedWindow& window, bool is_smoothed, WindowResult& result);
void ExtendedDelta(const MixedWindow& window, bool is_smoothed, WindowResult& result);
void AnchoredResets(const MixedWindow& window, bool is_smoothed, WindowResult& result);
void AnchoredChanges(const MixedWindow& window, bool is_smoothed, WindowResult& result);

// The value at `time_ms` on the line between two samples.
double InterpolateFloats(int64_t t1, double y1, int64_t t2, double y2, int64_t time_ms);
// A counter that was reset in between starts from nothing. Null where buckets do not go together.
std::shared_ptr<Histogram> InterpolateHistograms(int64_t t1, const Histogram& h1, int64_t t2,
                                                 const Histogram& h2, int64_t time_ms,
                                                 bool is_counter, uint32_t* notes);

// Of a range selector by itself: the samples within, and those made for its two edges. Floats only.
struct EdgedSamples {
  std::vector<int64_t> timestamps;
  std::vector<double> values;
};
EdgedSamples WithEdges(const Window& window, bool is_smoothed);

}  // namespace sloburn::engine
