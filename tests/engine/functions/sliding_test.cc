// SPDX-License-Identifier: Apache-2.0
// Every function that has a faster way over all windows of a series gives, to the bit, what its
// window function gives at every step.
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "engine/functions/function.h"
#include "engine/functions/window_slider.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sloburn::engine {
namespace {

struct Series {
  std::vector<int64_t> timestamps;
  std::vector<double> values;
};

// Counters and gauges, at fixed and at jittering intervals, with gaps, resets and odd values.
Series RandomSeries(std::mt19937& random) {
  const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
  const bool is_counter = chance(60), has_jitter = chance(40), is_odd = chance(25);
  const bool has_fractions = chance(50);
  Series series;
  int64_t time = 1'000'000 + static_cast<int64_t>(random() % 15'000);
  double value = chance(50) ? 0 : static_cast<double>(random() % 1000);
  const size_t size = random() % 300;
  for (size_t i = 0; i < size; ++i) {
    series.timestamps.push_back(time);
    series.values.push_back(value);
    time += 15'000 + (has_jitter ? static_cast<int64_t>(random() % 2'000) - 1'000 : 0);
    if (chance(3)) time += static_cast<int64_t>(random() % 400'000);
    const double change = static_cast<double>(random() % 100) / (has_fractions ? 7 : 1);
    value = is_counter ? value + change : change - 40;
    if (is_counter && chance(3)) value = change;
    if (is_odd && chance(5)) {
      constexpr double kOdd[] = {std::numeric_limits<double>::infinity(),
                                 -std::numeric_limits<double>::infinity(),
                                 std::numeric_limits<double>::quiet_NaN(), -0.0, 5e-324, 1e308, 0};
      value = kOdd[random() % std::size(kOdd)];
    }
  }
  return series;
}

uint64_t Bits(double value) {
  return std::isnan(value) ? 0x7ff8000000000001 : std::bit_cast<uint64_t>(value);
}

void Compare(const FunctionRow& row, const Series& series, std::mt19937& random) {
  constexpr size_t kSteps = 120;
  constexpr int64_t kRanges[] = {1, 15'000, 60'000, 300'000, 3'600'000};
  constexpr int64_t kSteps_ms[] = {0, 7, 15'000, 60'000, 61'001, 900'000};
  const int64_t range_ms = kRanges[random() % std::size(kRanges)];
  const int64_t step_ms = kSteps_ms[random() % std::size(kSteps_ms)];
  const int64_t first_end_ms = 900'000 + static_cast<int64_t>(random() % 1'000'000);
  constexpr double kArgs[] = {0.5, 0, 1, 0.9, -1, 2, std::numeric_limits<double>::quiet_NaN()};
  std::vector<double> args(kSteps);
  for (double& arg : args) arg = kArgs[random() % std::size(kArgs)];

  std::vector<double> values(kSteps);
  std::vector<uint8_t> present(kSteps, 0);
  const SeriesWindows windows{series.timestamps.data(), series.values.data(),
                              series.timestamps.size(), kSteps, first_end_ms, step_ms, range_ms,
                              args.data(), 1, 0, true};
  const size_t largest = row.sliding(windows, {values.data(), present.data()});

  WindowSlider slider(series.timestamps.data(), series.timestamps.size());
  size_t expected_largest = 0;
  for (size_t step = 0; step < kSteps; ++step) {
    const int64_t end_ms = first_end_ms + static_cast<int64_t>(step) * step_ms;
    const size_t size = slider.MoveTo(end_ms - range_ms, end_ms);
    expected_largest = std::max(expected_largest, size);
    double expected = 0;
    bool is_expected = false;
    if (size > 0) {
      const Window window{series.timestamps.data() + slider.begin(),
                          series.values.data() + slider.begin(), size, end_ms - range_ms, end_ms,
                          end_ms};
      is_expected = std::get<WindowFunction>(row.implementation)(window, &args[step], &expected);
    }
    ASSERT_EQ(present[step] != 0, is_expected) << row.name << " step " << step;
    if (!is_expected) continue;
    ASSERT_EQ(Bits(values[step]), Bits(expected))
        << row.name << " step " << step << ": " << values[step] << " instead of " << expected;
  }
  ASSERT_EQ(largest, expected_largest) << row.name;
}

TEST(SlidingTest, EqualsTheWindowFunctionBitForBit) {
  int compared = 0;
  for (const FunctionRow* row : AllFunctions()) {
    if (row->sliding == nullptr) continue;
    std::mt19937 random(20240229);
    for (int round = 0; round < 3'000; ++round) {
      SCOPED_TRACE(round);
      Compare(*row, RandomSeries(random), random);
      if (HasFatalFailure()) return;
    }
    ++compared;
  }
  EXPECT_GE(compared, 4);
}

}  // namespace
}  // namespace sloburn::engine
