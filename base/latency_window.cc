// SPDX-License-Identifier: Apache-2.0
#include "base/latency_window.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sloburn {
namespace {

constexpr size_t kMaxKept = 1000;
constexpr std::chrono::minutes kMaxAge(10);

}  // namespace

void LatencyWindow::Add(TimePoint now, double seconds) {
  recent_.emplace_back(now, seconds);
  if (recent_.size() > kMaxKept) recent_.pop_front();
  sum_seconds_ += seconds;
  ++count_;
}

LatencySummary LatencyWindow::Summarize(TimePoint now) const {
  std::vector<double> sorted;
  for (const auto& [time, seconds] : recent_) {
    if (now - time <= kMaxAge) sorted.push_back(seconds);
  }
  std::sort(sorted.begin(), sorted.end());
  LatencySummary summary;
  summary.sum_seconds = sum_seconds_;
  summary.count = count_;
  for (size_t i = 0; i < summary.kQuantiles.size(); ++i) {
    const double rank = std::ceil(summary.kQuantiles[i] * static_cast<double>(sorted.size()));
    summary.seconds[i] = sorted.empty() ? std::numeric_limits<double>::quiet_NaN()
                                        : sorted[static_cast<size_t>(rank) - 1];
  }
  return summary;
}

}  // namespace sloburn
