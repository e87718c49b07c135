// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iterator>

#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

enum class Kind { kDelta, kIncrease, kRate };

// Whole and fractional seconds apart, as Go's Duration.Seconds rounds.
double ToSeconds(int64_t ms) {
  return static_cast<double>(ms / 1000) + static_cast<double>(ms % 1000 * 1'000'000) / 1e9;
}

// The change over the window, extrapolated to its edges: parity of Prometheus' extrapolatedRate
// for floats, operation by operation.
bool Extrapolated(const Window& w, Kind kind, double* result) {
  if (w.size < 2) return false;
  const bool is_counter = kind != Kind::kDelta;
  const double first = w.values[0];
  double value = w.values[w.size - 1] - first;
  if (is_counter) {
    for (size_t i = 1; i < w.size; ++i) {
      if (w.values[i] < w.values[i - 1]) value += w.values[i - 1];
    }
  }
  const int64_t first_ms = w.timestamps[0];
  const int64_t last_ms = w.timestamps[w.size - 1];
  double to_start = static_cast<double>(first_ms - w.start_ms) / 1000;
  double to_end = static_cast<double>(w.end_ms - last_ms) / 1000;
  const double interval = static_cast<double>(last_ms - first_ms) / 1000;
  const double average = interval / static_cast<double>(w.size - 1);
  const double threshold = average * 1.1;
  // A series that began or ended within the window is carried on by half a sample distance only.
  if (to_start >= threshold) to_start = average / 2;
  if (is_counter) {
    // A counter is never extrapolated below zero.
    double to_zero = to_start;
    if (value > 0 && first >= 0) to_zero = interval * (first / value);
    if (to_zero < to_start) to_start = to_zero;
  }
  if (to_end >= threshold) to_end = average / 2;
  double factor = (interval + to_start + to_end) / interval;
  if (kind == Kind::kRate) factor /= ToSeconds(w.end_ms - w.start_ms);
  *result = value * factor;
  return true;
}

bool Delta(const Window& w, const double*, double* result) {
  return Extrapolated(w, Kind::kDelta, result);
}
bool Increase(const Window& w, const double*, double* result) {
  return Extrapolated(w, Kind::kIncrease, result);
}
bool Rate(const Window& w, const double*, double* result) {
  return Extrapolated(w, Kind::kRate, result);
}

bool InstantChange(const Window& w, bool is_rate, double* result) {
  if (w.size < 2) return false;
  const double last = w.values[w.size - 1];
  const double previous = w.values[w.size - 2];
  const int64_t interval_ms = w.timestamps[w.size - 1] - w.timestamps[w.size - 2];
  if (interval_ms == 0) return false;
  if (!is_rate) {
    *result = last - previous;
    return true;
  }
  *result = last < previous ? last : last - previous;
  *result /= static_cast<double>(interval_ms) / 1000;
  return true;
}

bool Irate(const Window& w, const double*, double* result) {
  return InstantChange(w, true, result);
}
bool Idelta(const Window& w, const double*, double* result) {
  return InstantChange(w, false, result);
}

bool Resets(const Window& w, const double*, double* result) {
  int resets = 0;
  for (size_t i = 1; i < w.size; ++i) resets += w.values[i] < w.values[i - 1];
  *result = resets;
  return true;
}

bool Changes(const Window& w, const double*, double* result) {
  int changes = 0;
  for (size_t i = 1; i < w.size; ++i) {
    const double current = w.values[i], previous = w.values[i - 1];
    changes += current != previous && !(std::isnan(current) && std::isnan(previous));
  }
  *result = changes;
  return true;
}

constexpr FunctionRow kRows[] = {
    OverTime("rate", Rate, "The per-second increase of a counter over the window."),
    OverTime("increase", Increase, "The increase of a counter over the window."),
    OverTime("delta", Delta, "The change of a gauge over the window."),
    OverTime("irate", Irate, "The per-second increase between the last two samples."),
    OverTime("idelta", Idelta, "The change between the last two samples."),
    OverTime("resets", Resets, "How often a counter was reset in the window."),
    OverTime("changes", Changes, "How often the value changed in the window."),
};

}  // namespace

Family RateFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
