// SPDX-License-Identifier: Apache-2.0
#include "parser/literals.h"

#include <gtest/gtest.h>

#include <cmath>

#include "parser/printer.h"

namespace sloburn::parser {
namespace {

double Number(std::string_view text) {
  const auto number = ParseNumber(text);
  EXPECT_TRUE(number.ok()) << text << ": " << number.status();
  return number.value_or(-1);
}

TEST(ParseNumber, ReadsGoNumbers) {
  EXPECT_EQ(Number("1"), 1);
  EXPECT_EQ(Number("1_000"), 1000);
  EXPECT_EQ(Number(".5"), 0.5);
  EXPECT_EQ(Number("2."), 2);
  EXPECT_EQ(Number("1e3"), 1000);
  EXPECT_EQ(Number("1E-3"), 0.001);
  EXPECT_EQ(Number("0x1F"), 31);
  EXPECT_EQ(Number("0X_1f"), 31);
  EXPECT_EQ(Number("010"), 8);
  EXPECT_EQ(Number("08"), 8);
  EXPECT_EQ(Number("0"), 0);
  EXPECT_EQ(Number("00"), 0);
  EXPECT_EQ(Number("9223372036854775808"), 9223372036854775808.0);
  EXPECT_TRUE(std::isinf(Number("Inf")));
  EXPECT_TRUE(std::isnan(Number("nAn")));
}

TEST(ParseNumber, ReportsOverflow) {
  EXPECT_EQ(ParseNumber("1e1000").status().message(),
            "error parsing number: strconv.ParseFloat: parsing \"1e1000\": value out of range");
}

TEST(Unquote, DecodesEscapes) {
  EXPECT_EQ(Unquote(R"("a\n\t\\\"'b")"), "a\n\t\\\"'b");
  EXPECT_EQ(Unquote(R"('it\'s "x"')"), "it's \"x\"");
  EXPECT_EQ(Unquote(R"("\x41\101\u00e9\U0001F600")"), "AA\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(Unquote("`a\\n\"'`"), "a\\n\"'");
  EXPECT_EQ(Unquote(R"("\a\b\f\r\v")"), "\a\b\f\r\v");
  EXPECT_EQ(Unquote("\"\""), "");
}

std::string DurationOf(std::string_view text) {
  const auto ms = ParseDuration(text);
  return ms.ok() ? std::to_string(*ms) : std::string(ms.status().message());
}

TEST(ParseDuration, ReadsUnits) {
  EXPECT_EQ(DurationOf("1y"), "31536000000");
  EXPECT_EQ(DurationOf("1w2d3h4m5s6ms"), "788645006");
  EXPECT_EQ(DurationOf("0"), "0");
  EXPECT_EQ(DurationOf("0s"), "0");
  EXPECT_EQ(DurationOf("100ms"), "100");
}

TEST(ParseDuration, ReportsErrors) {
  EXPECT_EQ(DurationOf(""), "empty duration string");
  EXPECT_EQ(DurationOf("5m1h"), "not a valid duration string: \"5m1h\"");
  EXPECT_EQ(DurationOf("5m5m"), "not a valid duration string: \"5m5m\"");
  EXPECT_EQ(DurationOf("5"), "not a valid duration string: \"5\"");
  EXPECT_EQ(DurationOf("m"), "not a valid duration string: \"m\"");
  EXPECT_EQ(DurationOf("-5m"), "not a valid duration string: \"-5m\"");
  EXPECT_EQ(DurationOf("5y1hs"), "unknown unit \"hs\" in duration \"5y1hs\"");
  EXPECT_EQ(DurationOf("1000y"), "duration out of range");
  EXPECT_EQ(DurationOf("9999999999999999999y"), "duration out of range");
  EXPECT_EQ(DurationOf("99999999999999999999y"),
            "not a valid duration string: \"99999999999999999999y\"");
}

TEST(FormatDuration, UsesWeeksAndYearsOnlyForExactMultiples) {
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(1), "1ms");
  EXPECT_EQ(FormatDuration(1'500), "1s500ms");
  EXPECT_EQ(FormatDuration(5'400'000), "1h30m");
  EXPECT_EQ(FormatDuration(int64_t{86'400'000} * 90), "90d");
  EXPECT_EQ(FormatDuration(int64_t{86'400'000} * 14), "2w");
  EXPECT_EQ(FormatDuration(int64_t{86'400'000} * 365), "1y");
  EXPECT_EQ(FormatDuration(-300'000), "-5m");
}

TEST(FormatDuration, IsReadBack) {
  for (int64_t ms = 1; ms < int64_t{1} << 42; ms = ms * 7 + 13) {
    EXPECT_EQ(DurationOf(FormatDuration(ms)), std::to_string(ms));
  }
}

}  // namespace
}  // namespace sloburn::parser
