// SPDX-License-Identifier: Apache-2.0
#include "base/latency_window.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sloburn {
namespace {

TEST(LatencyWindow, QuantilesOfTheLastTenMinutes) {
  LatencyWindow window;
  const LatencyWindow::TimePoint start{};
  EXPECT_TRUE(std::isnan(window.Summarize(start).seconds[0]));
  for (int i = 100; i >= 1; --i) window.Add(start, i);
  LatencySummary summary = window.Summarize(start);
  EXPECT_EQ(summary.seconds, (std::array<double, 3>{50, 90, 99}));
  EXPECT_EQ(summary.count, 100);
  EXPECT_EQ(summary.sum_seconds, 5050);
  window.Add(start + std::chrono::minutes(11), 7);
  summary = window.Summarize(start + std::chrono::minutes(11));
  EXPECT_EQ(summary.seconds, (std::array<double, 3>{7, 7, 7}));
  EXPECT_EQ(summary.count, 101);
}

TEST(LatencyWindow, OldestAreForgotten) {
  LatencyWindow window;
  for (int i = 0; i < 5000; ++i) window.Add({}, i < 4000 ? 1 : 2);
  EXPECT_EQ(window.Summarize({}).seconds[0], 2);
  EXPECT_EQ(window.Summarize({}).count, 5000);
}

}  // namespace
}  // namespace sloburn
