// SPDX-License-Identifier: Apache-2.0
// rate, increase and delta at all steps of a query in one pass over the series. Bit for bit what
// the window functions of rate.cc return, without reading a window's samples again at every step.
// Private to engine/functions.
#pragma once

#include "engine/functions/function.h"

namespace sloburn::engine {

size_t SlidingDelta(const SeriesWindows& windows, StepValues out);
size_t SlidingIncrease(const SeriesWindows& windows, StepValues out);
size_t SlidingRate(const SeriesWindows& windows, StepValues out);

}  // namespace sloburn::engine
