// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/engine/functions/call_function.h"

namespace sloburn::engine {
namespace {

using testing::DoubleEq;
using testing::Optional;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(OverTime, SumAndMeanAreCompensated) {
  EXPECT_EQ(CallOverValues("sum_over_time", {1, 1e100, 1, -1e100}), 2);
  EXPECT_EQ(CallOverValues("avg_over_time", {1, 1e100, 1, -1e100}), 0.5);
  EXPECT_EQ(CallOverValues("sum_over_time", {1e308, 1e308, -1e308}), kInf);
  EXPECT_EQ(CallOverValues("avg_over_time", {1e308, 1e308, 1e308}), 1e308);
}

TEST(OverTime, CountAndPresence) {
  EXPECT_EQ(CallOverValues("count_over_time", {7, kNan, 9}), 3);
  EXPECT_EQ(CallOverValues("present_over_time", {kNan}), 1);
}

TEST(OverTime, ExtremesPassOverNaN) {
  EXPECT_EQ(CallOverValues("min_over_time", {kNan, 3, 1, 2, kNan}), 1);
  EXPECT_EQ(CallOverValues("max_over_time", {kNan, 3, 1, 2, kNan}), 3);
  EXPECT_TRUE(std::isnan(*CallOverValues("min_over_time", {kNan, kNan})));
  EXPECT_TRUE(std::isnan(*CallOverValues("max_over_time", {kNan})));
}

TEST(OverTime, FirstAndLast) {
  EXPECT_EQ(CallOverValues("first_over_time", {4, 5, 6}), 4);
  EXPECT_EQ(CallOverValues("last_over_time", {4, 5, 6}), 6);
}

TEST(OverTime, DeviationOfThePopulation) {
  EXPECT_THAT(CallOverValues("stdvar_over_time", {2, 4, 4, 4, 5, 5, 7, 9}), Optional(DoubleEq(4)));
  EXPECT_THAT(CallOverValues("stddev_over_time", {2, 4, 4, 4, 5, 5, 7, 9}), Optional(DoubleEq(2)));
  EXPECT_EQ(CallOverValues("stddev_over_time", {42}), 0);
  // Far from zero, where the naive formula loses all digits.
  EXPECT_THAT(CallOverValues("stdvar_over_time", {1e15 + 4, 1e15 + 7, 1e15 + 13, 1e15 + 16}),
              Optional(DoubleEq(22.5)));
}

TEST(OverTime, MedianAbsoluteDeviation) {
  EXPECT_EQ(CallOverValues("mad_over_time", {4, 6, 2, 1, 999, 1, 2}), 1);
  EXPECT_TRUE(std::isnan(*CallOverValues("mad_over_time", {4, kNan, 2})));
}

TEST(OverTime, TimesOfSamplesInSeconds) {
  EXPECT_EQ(CallOverValues("ts_of_first_over_time", {4, 5, 6}), 1);
  EXPECT_EQ(CallOverValues("ts_of_last_over_time", {4, 5, 6}), 3);
  EXPECT_EQ(CallWindow("ts_of_last_over_time", {{1500, 1}}), 1.5);
}

TEST(OverTime, OfEqualExtremesTheNewestCounts) {
  EXPECT_EQ(CallOverValues("ts_of_max_over_time", {kNan, 9, 1, 9, 2}), 4);
  EXPECT_EQ(CallOverValues("ts_of_min_over_time", {kNan, 1, 9, 1, 2}), 4);
}

}  // namespace
}  // namespace sloburn::engine
