// SPDX-License-Identifier: Apache-2.0
// A view of floats without staleness markers, in order of time; each has a timestamp, or all are at
// a fixed interval. Threads: values.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/model/sample.h"

namespace sloburn {

struct FloatColumn {
  const double* values = nullptr;
  size_t size = 0;
  const int64_t* timestamps = nullptr;    // null: first_ms + i * interval_ms
  int64_t first_ms = 0, interval_ms = 0;  // interval_ms > 0 where timestamps is null

  int64_t TimeAt(size_t i) const {
    return timestamps != nullptr ? timestamps[i] : first_ms + static_cast<int64_t>(i) * interval_ms;
  }
  Sample at(size_t i) const { return {TimeAt(i), values[i]}; }
  // How many are at or before `time_ms`.
  size_t UpTo(int64_t time_ms) const {
    if (timestamps != nullptr) {
      return std::upper_bound(timestamps, timestamps + size, time_ms) - timestamps;
    }
    if (size == 0 || time_ms < first_ms) return 0;
    return std::min<uint64_t>(size, (time_ms - first_ms) / interval_ms + 1);
  }
  FloatColumn Part(size_t begin, size_t end) const {
    FloatColumn part = *this;
    part.values += begin;
    part.size = end - begin;
    if (timestamps != nullptr) part.timestamps += begin;
    part.first_ms += static_cast<int64_t>(begin) * interval_ms;
    return part;
  }
};

}  // namespace sloburn
