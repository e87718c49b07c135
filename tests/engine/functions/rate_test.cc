// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/engine/functions/call_function.h"

namespace sloburn::engine {
namespace {

using testing::DoubleEq;
using testing::Optional;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Samples = std::vector<std::pair<int64_t, double>>;

const Samples kSteady = {{10'000, 10}, {20'000, 20}, {30'000, 30},
                         {40'000, 40}, {50'000, 50}, {60'000, 60}};

TEST(Rate, ReachesTheEdgesOfTheWindow) {
  // 50 in 50 s; the missing 10 s at the start are within 1.1 sample distances.
  EXPECT_THAT(CallWindow("increase", kSteady), Optional(DoubleEq(60)));
  EXPECT_THAT(CallWindow("rate", kSteady), Optional(DoubleEq(1)));
  EXPECT_THAT(CallWindow("delta", kSteady), Optional(DoubleEq(60)));
}

TEST(Rate, GoesHalfADistanceWhereTheSeriesBegins) {
  const Samples late = {{30'000, 100}, {40'000, 110}, {50'000, 120}};
  // 20 in 20 s, plus 5 s at the start and the whole 10 s at the end.
  EXPECT_THAT(CallWindow("increase", late), Optional(DoubleEq(35)));
  EXPECT_THAT(CallWindow("delta", late), Optional(DoubleEq(35)));
}

TEST(Rate, NeverBelowZero) {
  const Samples fresh = {{30'000, 1}, {40'000, 11}, {50'000, 21}};
  // The counter was 0 one second before its first sample.
  EXPECT_THAT(CallWindow("increase", fresh), Optional(DoubleEq(31)));
  EXPECT_THAT(CallWindow("delta", fresh), Optional(DoubleEq(35)));
}

TEST(Rate, AddsWhatStoodBeforeAReset) {
  const Samples reset = {{10'000, 10}, {20'000, 20}, {30'000, 5}, {40'000, 15}};
  const WindowCall call = {.end_ms = 40'000};
  EXPECT_THAT(CallWindow("increase", reset, call), Optional(DoubleEq(25 * 40.0 / 30.0)));
  EXPECT_THAT(CallWindow("delta", reset, call), Optional(DoubleEq(5 * 40.0 / 30.0)));
}

TEST(Rate, NeedsTwoSamples) {
  for (const char* name : {"rate", "increase", "delta", "irate", "idelta"}) {
    EXPECT_EQ(CallWindow(name, {{10'000, 1}}), std::nullopt) << name;
  }
}

TEST(Irate, UsesTheLastTwoSamples) {
  const Samples samples = {{10'000, 0}, {20'000, 100}, {25'000, 110}};
  EXPECT_EQ(CallWindow("irate", samples), 2);
  EXPECT_EQ(CallWindow("idelta", samples), 10);
}

TEST(Irate, AfterAResetTheLastValueAlone) {
  const Samples samples = {{20'000, 100}, {25'000, 10}};
  EXPECT_EQ(CallWindow("irate", samples), 2);
  EXPECT_EQ(CallWindow("idelta", samples), -90);
}

TEST(Resets, CountsDecreases) {
  EXPECT_EQ(CallOverValues("resets", {1, 2, 1, 1, 0, 5}), 2);
  EXPECT_EQ(CallOverValues("resets", {5, kNan, 1}), 0);
  EXPECT_EQ(CallOverValues("resets", {5}), 0);
}

TEST(Changes, NaNToNaNIsNone) {
  EXPECT_EQ(CallOverValues("changes", {1, 1, 2, 2, 1}), 2);
  EXPECT_EQ(CallOverValues("changes", {1, kNan, kNan, 1}), 2);
  EXPECT_EQ(CallOverValues("changes", {1}), 0);
}

}  // namespace
}  // namespace sloburn::engine
