// SPDX-License-Identifier: Apache-2.0
// How rate, increase and delta carry a change on to the edges of their window: Prometheus'
// extrapolatedRate, operation by operation. Private to engine/functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sloburn::engine {

enum class RateKind { kDelta, kIncrease, kRate };

// Where the samples of a window lie in it.
struct Extent {
  int64_t first_ms, last_ms;
  int64_t start_ms, end_ms;
  size_t size;
  int64_t first_start_ms;  // when the first sample began to count; 0: unknown or not in the window

  bool has_start() const {
    return first_start_ms != 0 && first_start_ms > start_ms && first_start_ms < first_ms;
  }
};

// Whole and fractional seconds apart, as Go's Duration.Seconds rounds.
inline double ToSeconds(int64_t ms) {
  return static_cast<double>(ms / 1000) + static_cast<double>(ms % 1000 * 1'000'000) / 1e9;
}

// What the change `value` from `first` on is to be multiplied with. With value 0, as if the counter
// had begun long before. `unclamped_to_start`, where not null: the seconds it is carried on towards the
// start unless it reaches zero before.
inline double ExtrapolationFactor(const Extent& w, RateKind kind, double value, double first,
                                  double* unclamped_to_start = nullptr) {
  double to_start = static_cast<double>(w.first_ms - w.start_ms) / 1000;
  double to_end = static_cast<double>(w.end_ms - w.last_ms) / 1000;
  double interval = static_cast<double>(w.last_ms - w.first_ms) / 1000;
  const double average = w.size > 1 ? interval / static_cast<double>(w.size - 1) : 0;
  const double threshold = average * 1.1;
  if (w.has_start()) {
    // The series is known to begin within the window.
    to_start = 0;
    interval = static_cast<double>(w.last_ms - w.first_start_ms) / 1000;
  } else {
    // One that seems to begin or end there is carried on by half a sample distance only.
    if (to_start >= threshold) to_start = average / 2;
    if (unclamped_to_start != nullptr) *unclamped_to_start = to_start;
    if (kind != RateKind::kDelta) {
      // A counter is never extrapolated below zero.
      double to_zero = to_start;
      if (value > 0 && first >= 0) to_zero = interval * (first / value);
      if (to_zero < to_start) to_start = to_zero;
    }
  }
  if (to_end >= threshold) to_end = average / 2;
  double factor = (interval + to_start + to_end) / interval;
  if (kind == RateKind::kRate) factor /= ToSeconds(w.end_ms - w.start_ms);
  return factor;
}

}  // namespace sloburn::engine
