// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/quantile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "tests/engine/functions/call_function.h"

namespace sloburn::engine {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double QuantileOf(double q, std::vector<double> values) { return Quantile(q, values); }

TEST(Quantile, InterpolatesBetweenNeighbours) {
  EXPECT_EQ(QuantileOf(0.5, {4, 1, 3, 2}), 2.5);
  EXPECT_EQ(QuantileOf(0.25, {1, 2, 3, 4, 5}), 2);
  EXPECT_EQ(QuantileOf(0, {3, 1, 2}), 1);
  EXPECT_EQ(QuantileOf(1, {3, 1, 2}), 3);
  EXPECT_EQ(QuantileOf(0.7, {42}), 42);
}

TEST(Quantile, OutOfRange) {
  EXPECT_EQ(QuantileOf(-0.01, {1}), -kInf);
  EXPECT_EQ(QuantileOf(1.01, {1}), kInf);
  EXPECT_TRUE(std::isnan(QuantileOf(kNan, {1})));
  EXPECT_TRUE(std::isnan(QuantileOf(0.5, {})));
}

TEST(Quantile, NaNIsSmallest) {
  EXPECT_EQ(QuantileOf(1, {2, kNan, 1}), 2);
  EXPECT_EQ(QuantileOf(0.5, {2, kNan, 1}), 1);
  EXPECT_TRUE(std::isnan(QuantileOf(0, {2, kNan, 1})));
}

TEST(Quantile, InfinityWithWeightZeroIsNaN) {
  // The weighted sum is formed even where one weight is 0.
  EXPECT_TRUE(std::isnan(QuantileOf(0, {1, kInf})));
  EXPECT_TRUE(std::isnan(QuantileOf(0.5, {-kInf, kInf})));
}

TEST(Quantile, EqualsTheSortedDefinition) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values(1 + random() % 40);
    for (double& value : values) value = static_cast<double>(random() % 25);
    const double q = static_cast<double>(random() % 1001) / 1000;
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const double rank = q * static_cast<double>(sorted.size() - 1);
    const size_t low = static_cast<size_t>(std::floor(rank));
    const size_t high = std::min(sorted.size() - 1, low + 1);
    const double weight = rank - std::floor(rank);
    EXPECT_EQ(QuantileOf(q, values), sorted[low] * (1 - weight) + sorted[high] * weight);
  }
}

TEST(QuantileOverTime, TakesItsScalarAndLeavesTheWindowAlone) {
  EXPECT_EQ(CallOverValues("quantile_over_time", {3, 1, 2}, {0.5}), 2);
  EXPECT_EQ(CallOverValues("quantile_over_time", {3, 1, 2}, {2}), kInf);
}

}  // namespace
}  // namespace sloburn::engine
