// SPDX-License-Identifier: Apache-2.0
// How long the last of many took (requests, ticks): at most 1,000 of the last ten minutes, as quantiles.
//
// Not thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <utility>

namespace sloburn {

struct LatencySummary {
  static constexpr std::array<double, 3> kQuantiles = {0.5, 0.9, 0.99};
  std::array<double, 3> seconds;  // NaN where there was no request
  double sum_seconds = 0;         // of all since the start
  int64_t count = 0;
};

class LatencyWindow {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void Add(TimePoint now, double seconds);
  LatencySummary Summarize(TimePoint now) const;

 private:
  std::deque<std::pair<TimePoint, double>> recent_;  // the oldest first
  double sum_seconds_ = 0;
  int64_t count_ = 0;
};

}  // namespace sloburn
