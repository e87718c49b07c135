// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sloburn::engine {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double QuantileOf(double q, std::vector<Bucket> buckets) { return BucketQuantile(q, buckets); }
double FractionOf(double lower, double upper, std::vector<Bucket> buckets) {
  return BucketFraction(lower, upper, buckets);
}

const std::vector<Bucket> kSimple = {{1, 5}, {2, 10}, {kInf, 10}};

TEST(BucketQuantile, InterpolatesWithinTheBucket) {
  EXPECT_DOUBLE_EQ(QuantileOf(0.5, kSimple), 1);
  EXPECT_DOUBLE_EQ(QuantileOf(0.25, kSimple), 0.5);
  EXPECT_DOUBLE_EQ(QuantileOf(0.75, kSimple), 1.5);
  EXPECT_DOUBLE_EQ(QuantileOf(0, kSimple), 0);
  EXPECT_DOUBLE_EQ(QuantileOf(1, kSimple), 2);
}

TEST(BucketQuantile, OutOfRange) {
  EXPECT_EQ(QuantileOf(-0.1, kSimple), -kInf);
  EXPECT_EQ(QuantileOf(1.1, kSimple), kInf);
  EXPECT_TRUE(std::isnan(QuantileOf(kNan, kSimple)));
}

TEST(BucketQuantile, LastBucketGivesTheBoundBelow) {
  EXPECT_EQ(QuantileOf(0.9, {{1, 5}, {2, 10}, {kInf, 100}}), 2);
}

TEST(BucketQuantile, FirstBucketBelowZeroGivesItsBound) {
  EXPECT_EQ(QuantileOf(0.2, {{-1, 5}, {kInf, 10}}), -1);
  EXPECT_EQ(QuantileOf(0.2, {{0, 5}, {kInf, 10}}), 0);
}

TEST(BucketQuantile, SortsAndMergesEqualBounds) {
  EXPECT_DOUBLE_EQ(QuantileOf(0.5, {{kInf, 10}, {2, 4}, {2, 6}, {1, 5}}), 1);
}

TEST(BucketQuantile, RaisesCountsThatDecrease) {
  // 2: 4 -> 5, so the rank of 5.4 lies above every finite bucket.
  EXPECT_EQ(QuantileOf(0.9, {{1, 5}, {2, 4}, {kInf, 6}}), 2);
  EXPECT_DOUBLE_EQ(QuantileOf(0.5, {{1, 5}, {2, 4}, {kInf, 6}}), 0.6);
}

TEST(BucketQuantile, IgnoresTinyDifferences) {
  // Without the tolerance the second bucket would hold 1e-12 of an observation and win.
  EXPECT_EQ(QuantileOf(1, {{1, 10}, {2, 10 + 1e-12}, {kInf, 10 + 1e-12}}), 1);
}

TEST(BucketQuantile, NaNWithoutUsableBuckets) {
  EXPECT_TRUE(std::isnan(QuantileOf(0.5, {{1, 5}, {2, 10}})));
  EXPECT_TRUE(std::isnan(QuantileOf(0.5, {{kInf, 10}})));
  EXPECT_TRUE(std::isnan(QuantileOf(0.5, {{1, 0}, {kInf, 0}})));
}

const std::vector<Bucket> kWide = {{1, 2}, {2, 6}, {kInf, 8}};

TEST(BucketFraction, CountsWholeAndCutBuckets) {
  EXPECT_DOUBLE_EQ(FractionOf(0, 1, kWide), 0.25);
  EXPECT_DOUBLE_EQ(FractionOf(1, 2, kWide), 0.5);
  EXPECT_DOUBLE_EQ(FractionOf(0.5, 1.5, kWide), 0.375);
  EXPECT_DOUBLE_EQ(FractionOf(-kInf, kInf, kWide), 1);
  EXPECT_DOUBLE_EQ(FractionOf(2, kInf, kWide), 0.25);
}

TEST(BucketFraction, EmptyAndInvalidIntervals) {
  EXPECT_EQ(FractionOf(2, 2, kWide), 0);
  EXPECT_EQ(FractionOf(2, 1, kWide), 0);
  EXPECT_TRUE(std::isnan(FractionOf(kNan, 1, kWide)));
  EXPECT_TRUE(std::isnan(FractionOf(0, 1, {{1, 2}, {2, 6}})));
  EXPECT_TRUE(std::isnan(FractionOf(0, 1, {{1, 0}, {kInf, 0}})));
}

TEST(BucketFraction, BucketWithoutLowerBoundIsNotCut) {
  EXPECT_DOUBLE_EQ(FractionOf(-5, -1, {{-1, 2}, {kInf, 4}}), 0);
  EXPECT_DOUBLE_EQ(FractionOf(-kInf, -1, {{-1, 2}, {kInf, 4}}), 0.5);
}

}  // namespace
}  // namespace sloburn::engine
