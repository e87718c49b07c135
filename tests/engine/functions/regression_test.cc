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

using Samples = std::vector<std::pair<int64_t, double>>;

// y = 2 x + 1, x in seconds.
const Samples kLine = {{1000, 3}, {2000, 5}, {3000, 7}, {4000, 9}};

TEST(Deriv, SlopePerSecond) {
  EXPECT_THAT(CallWindow("deriv", kLine), Optional(DoubleEq(2)));
  EXPECT_THAT(CallWindow("deriv", {{0, 0}, {1000, 1}, {2000, 0}, {3000, 3}}),
              Optional(DoubleEq(0.8)));
}

TEST(Deriv, ConstantSeries) {
  EXPECT_EQ(CallOverValues("deriv", {4, 4, 4}), 0);
  EXPECT_TRUE(std::isnan(*CallOverValues("deriv", {kInf, kInf})));
  EXPECT_EQ(CallOverValues("deriv", {4}), std::nullopt);
}

TEST(PredictLinear, CountsFromTheEvaluationTime) {
  WindowCall call = {.eval_ms = 4000, .args = {10}};
  EXPECT_THAT(CallWindow("predict_linear", kLine, call), Optional(DoubleEq(29)));
  call.eval_ms = 14'000;
  EXPECT_THAT(CallWindow("predict_linear", kLine, call), Optional(DoubleEq(49)));
  EXPECT_EQ(CallWindow("predict_linear", {{1000, 3}}, call), std::nullopt);
}

TEST(PredictLinear, ConstantSeries) {
  EXPECT_EQ(CallOverValues("predict_linear", {4, 4}, {1000}), 4);
  EXPECT_TRUE(std::isnan(*CallOverValues("predict_linear", {-kInf, -kInf}, {1000})));
}

}  // namespace
}  // namespace sloburn::engine
