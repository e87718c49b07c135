// SPDX-License-Identifier: Apache-2.0
#include "base/float_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sloburn {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

std::string SampleValue(double value) {
  std::string out;
  AppendSampleValue(out, value);
  return out;
}

// Expected texts are those of Go's strconv.
TEST(FloatText, FixedNeverUsesAnExponent) {
  EXPECT_EQ(FormatFloatF(0), "0");
  EXPECT_EQ(FormatFloatF(-0.0), "-0");
  EXPECT_EQ(FormatFloatF(0.1), "0.1");
  EXPECT_EQ(FormatFloatF(1e21), "1000000000000000000000");
  EXPECT_EQ(FormatFloatF(2.5e-7), "0.00000025");
  EXPECT_EQ(FormatFloatF(9007199254740993.0), "9007199254740992");
  EXPECT_EQ(FormatFloatF(kInf), "+Inf");
  EXPECT_EQ(FormatFloatF(-kInf), "-Inf");
  EXPECT_EQ(FormatFloatF(std::nan("")), "NaN");
}

TEST(FloatText, ScientificHasTwoExponentDigits) {
  EXPECT_EQ(FormatFloatE(1), "1e+00");
  EXPECT_EQ(FormatFloatE(2.5e-7), "2.5e-07");
  EXPECT_EQ(FormatFloatE(1e300), "1e+300");
}

TEST(FloatText, GeneralSwitchesAtTheLimits) {
  EXPECT_EQ(FormatFloatG(0.0001), "0.0001");
  EXPECT_EQ(FormatFloatG(0.00001), "1e-05");
  EXPECT_EQ(FormatFloatG(123456), "123456");
  EXPECT_EQ(FormatFloatG(1e6), "1e+06");
  EXPECT_EQ(FormatFloatG(-1234567.5), "-1.2345675e+06");
  EXPECT_EQ(FormatFloatG(1e21), "1e+21");
  EXPECT_EQ(FormatFloatG(0), "0");
}

TEST(FloatText, OpenMetricsNumbersAreNeverIntegers) {
  EXPECT_EQ(FormatOpenMetricsFloat(1), "1.0");
  EXPECT_EQ(FormatOpenMetricsFloat(0.5), "0.5");
  EXPECT_EQ(FormatOpenMetricsFloat(1e10), "1e+10");
  EXPECT_EQ(FormatOpenMetricsFloat(-std::numeric_limits<double>::infinity()), "-Inf");
}

TEST(FloatText, SampleValuesSwitchAtTheLimitsOfJson) {
  EXPECT_EQ(SampleValue(1e-6), "0.000001");
  EXPECT_EQ(SampleValue(9.9e-7), "9.9e-07");
  EXPECT_EQ(SampleValue(1e21), "1e+21");
  EXPECT_EQ(SampleValue(0), "0");
}

TEST(FloatText, ParsesWhatGoParses) {
  EXPECT_EQ(ParseGoFloat("1.5"), 1.5);
  EXPECT_EQ(ParseGoFloat("-1e3"), -1000);
  EXPECT_EQ(ParseGoFloat("0x1p4"), 16);
  EXPECT_EQ(ParseGoFloat(".5"), 0.5);
  EXPECT_EQ(ParseGoFloat("-1_000.2_5"), -1000.25);
  EXPECT_EQ(ParseGoFloat("0x_1p4"), 16);
  EXPECT_EQ(ParseGoFloat("+Inf"), kInf);
  EXPECT_EQ(ParseGoFloat("-infinity"), -kInf);
  ASSERT_TRUE(ParseGoFloat("nan").has_value());
  EXPECT_TRUE(std::isnan(*ParseGoFloat("nan")));
}

TEST(FloatText, RefusesWhatGoRefuses) {
  for (const char* text : {"", "+", "-", "1x", "0x10", "_1", "1_", "1__0", "1_.5", "in_f", " 1",
                           "1 ", "++1", "e5", "infi"}) {
    EXPECT_EQ(ParseGoFloat(text), std::nullopt) << text;
  }
}

TEST(FloatText, TellsOverflowFromUnderflow) {
  bool out_of_range = false;
  EXPECT_EQ(ParseGoFloat("1e999", &out_of_range), kInf);
  EXPECT_TRUE(out_of_range);
  EXPECT_EQ(ParseGoFloat("1e-999", &out_of_range), 0);
  EXPECT_FALSE(out_of_range);
}

}  // namespace
}  // namespace sloburn
