// SPDX-License-Identifier: Apache-2.0
#include "parser/series_description.h"

#include <gtest/gtest.h>

#include <bit>

#include "base/float_text.h"

namespace sloburn::parser {
namespace {

std::string Text(const std::vector<SeriesValue>& values) {
  std::string out;
  for (const SeriesValue& value : values) {
    if (!out.empty()) out += ' ';
    if (value.is_omitted) {
      out += '_';
    } else if (value.is_histogram) {
      out += value.histogram;
    } else if (std::bit_cast<uint64_t>(value.value) == 0x7ff0000000000002) {
      out += "stale";
    } else {
      out += FormatFloatF(value.value);
    }
  }
  return out;
}

std::string Values(std::string_view text, size_t max_values = 1'000) {
  const auto values = ParseSeriesValues(text, max_values);
  return values.ok() ? Text(*values) : std::string(values.status().message());
}

TEST(SeriesValues, AreExpanded) {
  EXPECT_EQ(Values("1 2 3"), "1 2 3");
  EXPECT_EQ(Values("  1   -2  +3 "), "1 -2 3");
  EXPECT_EQ(Values("1x4"), "1 1 1 1 1");
  EXPECT_EQ(Values("1+2x3"), "1 3 5 7");
  EXPECT_EQ(Values("1-2x3"), "1 -1 -3 -5");
  EXPECT_EQ(Values("-1-2x2"), "-1 -3 -5");
  EXPECT_EQ(Values("0+1e2x2"), "0 100 200");
  EXPECT_EQ(Values("_ _x3 1"), "_ _ _ _ 1");
  EXPECT_EQ(Values("_x0"), "");
  EXPECT_EQ(Values("stale NaN Inf -Inf"), "stale NaN +Inf -Inf");
  EXPECT_EQ(Values("0x2 1_0 .5"), "0 0 0 10 0.5");
  EXPECT_EQ(Values("1x0"), "1");
  EXPECT_EQ(Values(""), "");
}

TEST(SeriesValues, HistogramsKeepTheirText) {
  EXPECT_EQ(Values("{{schema:0 sum:1}} 2"), "{{schema:0 sum:1}} 2");
  EXPECT_EQ(Values("{{sum:1}}x2"), "{{sum:1}} {{sum:1}} {{sum:1}}");
  EXPECT_EQ(Values("{{}}"), "{{}}");
  EXPECT_EQ(Values("{{sum:1}}+{{sum:2}}x1"), "{{sum:1}} {{sum:1}}");
}

TEST(SeriesValues, AreBounded) {
  EXPECT_EQ(Values("1x9", 10), "1 1 1 1 1 1 1 1 1 1");
  EXPECT_NE(Values("1x10", 10).find("more than 10 values"), std::string::npos);
  EXPECT_NE(Values("_x18446744073709551615", 10).find("more than 10 values"), std::string::npos);
  EXPECT_NE(Values("1x18446744073709551615", 10).find("more than 10 values"), std::string::npos);
  EXPECT_NE(Values("{{}}x18446744073709551615", 10).find("more than 10 values"),
            std::string::npos);
}

TEST(SeriesValues, ReportErrors) {
  EXPECT_EQ(Values("1 foo"),
            "1:3: parse error: unexpected identifier \"foo\" in series values, expected number or "
            "\"stale\"");
  EXPECT_EQ(Values("stalex2"),
            "1:1: parse error: unexpected identifier \"stalex2\" in series values, expected number "
            "or \"stale\"");
  EXPECT_EQ(Values("1+2"), "1:4: parse error: unexpected end of input in series values");
  EXPECT_EQ(Values("1+2 3"), "1:4: parse error: unexpected \" \" in series values");
  EXPECT_EQ(Values("1x"), "1:3: parse error: unexpected end of input in series values");
  EXPECT_EQ(Values("1x-2"), "1:3: parse error: unexpected <op:-> in series values");
  EXPECT_EQ(Values("1x2.5"),
            "1:3: parse error: invalid repetition in series values: strconv.ParseUint: parsing "
            "\"2.5\": invalid syntax");
  EXPECT_EQ(Values("1x99999999999999999999"),
            "1:3: parse error: invalid repetition in series values: strconv.ParseUint: parsing "
            "\"99999999999999999999\": value out of range");
  EXPECT_EQ(Values("1__2"), "1:1: parse error: bad number syntax: \"1__\"");
  EXPECT_EQ(Values("12a"), "1:1: parse error: bad number syntax: \"12\"");
  EXPECT_EQ(Values("1 $"), "1:3: parse error: unexpected character in series sequence: '$'");
  EXPECT_EQ(Values("--1"), "1:2: parse error: unexpected <op:-> in series values");
  EXPECT_EQ(Values("{{sum:1"),
            "1:1: parse error: unexpected end of histogram description, expected \"}}\"");
  EXPECT_EQ(Values("{{}}+1x2"), "1:6: parse error: unexpected number \"1\" in series values");
}

TEST(SeriesDescription, ErrorsPointIntoTheLine) {
  EXPECT_EQ(ParseSeriesDescription("up{a=\"b\"} 1 foo").status().message(),
            "1:13: parse error: unexpected identifier \"foo\" in series values, expected number or "
            "\"stale\"");
  EXPECT_EQ(ParseSeriesDescription("up{a=b} 1").status().message(),
            "1:6: parse error: unexpected identifier \"b\" in label set, expected string");
  EXPECT_EQ(ParseSeriesDescription("up{a=\"b\"}1").status().message(),
            "1:10: parse error: unexpected number \"1\" in series values");
}

TEST(SeriesDescription, HasLabelsAndValues) {
  const auto series = ParseSeriesDescription("http_requests{job=\"a b\", x='}'} 1 2");
  ASSERT_TRUE(series.ok()) << series.status();
  ASSERT_EQ(series->labels.size(), 3u);
  EXPECT_EQ(series->labels[0].value, "http_requests");
  EXPECT_EQ(series->labels[1].value, "a b");
  EXPECT_EQ(series->labels[2].value, "}");
  EXPECT_EQ(Text(series->values), "1 2");
}

TEST(SeriesDescription, MayLackNameOrValues) {
  const auto nameless = ParseSeriesDescription("{a=\"b\"} 1");
  ASSERT_TRUE(nameless.ok()) << nameless.status();
  EXPECT_EQ(nameless->labels.size(), 1u);
  const auto valueless = ParseSeriesDescription("up");
  ASSERT_TRUE(valueless.ok()) << valueless.status();
  EXPECT_TRUE(valueless->values.empty());
}

}  // namespace
}  // namespace sloburn::parser
