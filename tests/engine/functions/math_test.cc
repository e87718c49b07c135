// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/engine/functions/call_function.h"

namespace sloburn::engine {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Math, Simple) {
  EXPECT_EQ(CallPoint("abs", -2.5), 2.5);
  EXPECT_EQ(CallPoint("ceil", -1.5), -1);
  EXPECT_EQ(CallPoint("floor", -1.5), -2);
  EXPECT_EQ(CallPoint("exp", 0), 1);
  EXPECT_EQ(CallPoint("sqrt", 9), 3);
  EXPECT_EQ(CallPoint("ln", 1), 0);
  EXPECT_EQ(CallPoint("log2", 8), 3);
  EXPECT_EQ(CallPoint("log10", 1000), 3);
  EXPECT_EQ(CallPoint("ln", 0), -kInf);
  EXPECT_TRUE(std::isnan(CallPoint("sqrt", -1)));
}

TEST(Math, SgnKeepsZeroAndNaN) {
  EXPECT_EQ(CallPoint("sgn", -7), -1);
  EXPECT_EQ(CallPoint("sgn", kInf), 1);
  EXPECT_TRUE(std::signbit(CallPoint("sgn", -0.0)));
  EXPECT_TRUE(std::isnan(CallPoint("sgn", kNan)));
}

TEST(Math, RoundPutsTiesUp) {
  EXPECT_EQ(CallPoint("round", 2.5, {1}), 3);
  EXPECT_EQ(CallPoint("round", -2.5, {1}), -2);
  EXPECT_EQ(CallPoint("round", 13, {5}), 15);
  EXPECT_DOUBLE_EQ(CallPoint("round", 0.26, {0.1}), 0.3);
}

TEST(Math, Clamp) {
  EXPECT_EQ(CallPoint("clamp", 5, {0, 3}), 3);
  EXPECT_EQ(CallPoint("clamp", -5, {0, 3}), 0);
  EXPECT_EQ(CallPoint("clamp", 2, {0, 3}), 2);
  EXPECT_TRUE(std::isnan(CallPoint("clamp", 2, {0, kNan})));
  EXPECT_EQ(CallPoint("clamp_min", -5, {0}), 0);
  EXPECT_EQ(CallPoint("clamp_max", 5, {3}), 3);
  EXPECT_TRUE(std::isnan(CallPoint("clamp_min", kNan, {0})));
  EXPECT_EQ(CallPoint("clamp_max", kInf, {kInf}), kInf);
}

TEST(Math, ClampOrdersZeros) {
  EXPECT_FALSE(std::signbit(CallPoint("clamp_min", -0.0, {0.0})));
  EXPECT_TRUE(std::signbit(CallPoint("clamp_max", 0.0, {-0.0})));
}

TEST(Trigonometry, Angles) {
  EXPECT_EQ(CallPoint("sin", 0), 0);
  EXPECT_EQ(CallPoint("cos", 0), 1);
  EXPECT_DOUBLE_EQ(CallPoint("deg", M_PI), 180);
  EXPECT_DOUBLE_EQ(CallPoint("rad", 180), M_PI);
  EXPECT_DOUBLE_EQ(CallPoint("tan", CallPoint("atan", 2)), 2);
  EXPECT_DOUBLE_EQ(CallPoint("sin", CallPoint("asin", 0.5)), 0.5);
  EXPECT_DOUBLE_EQ(CallPoint("cos", CallPoint("acos", 0.5)), 0.5);
  EXPECT_TRUE(std::isnan(CallPoint("acos", 2)));
}

TEST(Trigonometry, Hyperbolic) {
  EXPECT_DOUBLE_EQ(CallPoint("sinh", CallPoint("asinh", 2)), 2);
  EXPECT_DOUBLE_EQ(CallPoint("cosh", CallPoint("acosh", 2)), 2);
  EXPECT_DOUBLE_EQ(CallPoint("tanh", CallPoint("atanh", 0.5)), 0.5);
  EXPECT_EQ(CallPoint("atanh", 1), kInf);
}

}  // namespace
}  // namespace sloburn::engine
