// SPDX-License-Identifier: Apache-2.0
// The times of an evaluation: start, start+step, ... <= end. An instant query has one step.
#pragma once

#include <cstdint>
#include <limits>

namespace sloburn {

inline constexpr int64_t kMinTimeMs = std::numeric_limits<int64_t>::min() / 4;
inline constexpr int64_t kMaxTimeMs = std::numeric_limits<int64_t>::max() / 4;

struct TimeRange {
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  int64_t step_ms = 1;  // > 0; of no meaning where start == end

  static TimeRange Instant(int64_t time_ms) { return {time_ms, time_ms, 1}; }
  bool is_instant() const { return start_ms == end_ms; }
  // The number of steps; 0 where end < start.
  int64_t steps() const { return end_ms < start_ms ? 0 : (end_ms - start_ms) / step_ms + 1; }
  int64_t at(int64_t step) const { return start_ms + step * step_ms; }
};

}  // namespace sloburn
