// SPDX-License-Identifier: Apache-2.0
// What functions over long windows need to know about the floats in a window, so that nobody has to
// look at all of them. Filled by a store that keeps summaries; docs/exactness.md tells what is
// promised of each.
//
// Threads: values.
#pragma once

#include <cstdint>

#include "engine/model/compensated_sum.h"
#include "engine/model/sample.h"

namespace sloburn {

// Which of the facts below are wanted; count and edges always are.
enum FactKind : uint32_t {
  kFactCounterIncrease = 1 << 0,  // increase
  kFactResets = 1 << 1,
  kFactChanges = 1 << 2,
  kFactExtremes = 1 << 3,  // min, max and their times
  kFactSum = 1 << 4,
  kFactVariance = 1 << 5,  // sum and squares
  kAllFacts = (1 << 6) - 1,
};

// Of the samples that are floats and no staleness markers.
struct WindowFacts {
  int64_t count = 0;  // 0: nothing else has a meaning
  Sample first, last;
  // last - first, and then, in order of time, plus the value before each reset: what Prometheus adds
  // up for a counter, to the bit.
  double increase = 0;
  int64_t resets = 0;   // samples below the one before
  int64_t changes = 0;  // samples different from the one before; NaN equals NaN
  // NaN only where all samples are. Of equal ones min and max are the oldest, their times the newest.
  double min = 0, max = 0;
  int64_t min_ms = 0, max_ms = 0;
  CompensatedSum sum;
  double squares = 0;  // of the distances from the mean, summed
};

}  // namespace sloburn
