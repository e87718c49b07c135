// SPDX-License-Identifier: Apache-2.0
#include "engine/model/compensated_sum.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace sloburn::engine {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

double Mean(const std::vector<double>& values) {
  CompensatedMean mean;
  mean.First(values[0]);
  for (size_t i = 1; i < values.size(); ++i) mean.Add(values[i]);
  return mean.Result();
}

TEST(CompensatedSum, KeepsWhatAPlainSumLoses) {
  CompensatedSum total;
  for (const double x : {1.0, 1e100, 1.0, -1e100}) total.Add(x);
  EXPECT_EQ(total.sum, 0);
  EXPECT_EQ(total.c, 2);
}

TEST(CompensatedSum, InfinityClearsTheCompensation) {
  CompensatedSum total;
  for (const double x : {1e100, 1.0}) total.Add(x);
  EXPECT_EQ(total.c, 1);
  total.Add(-kInf);
  EXPECT_EQ(total.sum, -kInf);
  EXPECT_EQ(total.c, 0);
}

TEST(CompensatedMean, DividesTheSum) {
  EXPECT_EQ(Mean({8, 10, 12}), 10);
  EXPECT_EQ(Mean({2, 8, 1e100, -1e100}), 2.5);
}

TEST(CompensatedMean, SurvivesASumThatOverflows) {
  const double big = 9.988465674311579e+307;
  EXPECT_EQ(Mean({big, big, big, big}), big);
  EXPECT_EQ(Mean({-big, -big, -big, -big}), -big);
  EXPECT_EQ(Mean({-big, -big, big, big}), 0);
}

TEST(CompensatedMean, InfinityStays) {
  EXPECT_EQ(Mean({0, kInf, 0}), kInf);
  EXPECT_EQ(Mean({-kInf, -kInf, 0}), -kInf);
  EXPECT_TRUE(std::isnan(Mean({kInf, -kInf})));
}

}  // namespace
}  // namespace sloburn::engine
