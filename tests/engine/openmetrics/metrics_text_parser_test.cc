// SPDX-License-Identifier: Apache-2.0
#include "engine/openmetrics/metrics_text_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/model/stale.h"

namespace sloburn::openmetrics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto kOpenMetrics = MetricsTextFormat::kOpenMetrics;
constexpr auto kPrometheus = MetricsTextFormat::kPrometheus;

// The samples as "series value @ms"; the first error is the last, as "LINE:COLUMN: cause".
std::vector<std::string> Read(MetricsTextFormat format, std::string_view text) {
  MetricsTextParser parser(format);
  std::vector<std::string> out;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const auto kind = parser.Parse(text.substr(0, end));
    if (!kind.ok()) {
      out.push_back(absl::StrCat(number, ":", std::string(kind.status().message())));
      return out;
    }
    const SeriesSample& sample = parser.sample();
    if (*kind == LineKind::kSample) {
      out.push_back(absl::StrCat(sample.labels.ToString(), " ", sample.value, " @",
                                 sample.timestamp_ms));
    }
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  if (!parser.Finish().ok()) out.push_back(std::string(parser.Finish().message()));
  return out;
}

// The only error of a text of OpenMetrics, which is given its end.
std::string Fault(std::string_view text) {
  const auto lines = Read(kOpenMetrics, absl::StrCat(std::string(text), "# EOF\n"));
  return lines.empty() || lines.back().find(": ") == std::string::npos ? "none" : lines.back();
}

TEST(MetricsTextParserTest, ReadsAnOpenMetricsText) {
  EXPECT_THAT(
      Read(kOpenMetrics,
           "# HELP a_seconds What it is \\n.\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n"
           "a_seconds{x=\"1\",y=\"\\\\ \\\" \\n\"} 1.5 1700000000.123\n"
           "a_seconds{x=\"1\",y=\"\\\\ \\\" \\n\"} -2e3 1700000001\n"
           "# TYPE c counter\n"
           "c_total{} 3 1 # {trace=\"x\",} 0.5 0.9\nc_total{} 4 2 # {} 0.5\nc_created 1 1\n"
           "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1 1\nh_count 1 1\nh_sum 1 1\n"
           "# TYPE s summary\ns{quantile=\"0.5\"} 1 1\ns_count 1 1\n"
           "# TYPE g gaugehistogram\ng_bucket{le=\"+Inf\"} 1 1\ng_gcount 1 1\ng_gsum 1 1\n"
           "# TYPE i info\ni_info{v=\"1\",} 1 1\n"
           "bare 7 -1.5\nother:name +Inf 0\n"
           "{\"quoted name\",\"l.x\"=\"\"} 8 1\n"
           "# EOF\n"),
      ElementsAre("a_seconds{x=\"1\", y=\"\\\\ \\\" \\n\"} 1.5 @1700000000123",
                  "a_seconds{x=\"1\", y=\"\\\\ \\\" \\n\"} -2000 @1700000001000", "c_total 3 @1000",
                  "c_total 4 @2000", "c_created 1 @1000", "h_bucket{le=\"+Inf\"} 1 @1000",
                  "h_count 1 @1000", "h_sum 1 @1000", "s{quantile=\"0.5\"} 1 @1000",
                  "s_count 1 @1000", "g_bucket{le=\"+Inf\"} 1 @1000", "g_gcount 1 @1000",
                  "g_gsum 1 @1000", "i_info{v=\"1\"} 1 @1000", "bare 7 @-1500",
                  "other:name inf @0", "quoted name 8 @1000"));
  EXPECT_THAT(Read(kOpenMetrics, "# EOF"), ElementsAre());
}

TEST(MetricsTextParserTest, NanIsTheOrdinaryOne) {
  for (const char* text : {"NaN", "nan"}) {
    MetricsTextParser parser(kOpenMetrics);
    ASSERT_TRUE(parser.Parse(absl::StrCat("a ", text, " 1")).ok());
    EXPECT_EQ(std::bit_cast<uint64_t>(parser.sample().value), kNormalNanBits);
  }
}

TEST(MetricsTextParserTest, TheGrammarIsStrict) {
  const std::pair<const char*, const char*> cases[] = {
      {"a 1 1\n\n", "2:1: an empty line"},
      {"a  1 1\n", "1:3: expected a value, not \" 1 1\""},
      {"a\t1 1\n", "1:2: expected a space, not \"\\t1 1\""},
      {"a 1 1 \n", "1:7: expected an exemplar or the end of the line, but the line ends"},
      {"a 1 1\r\n", "1:5: \"1\\r\" is no number"},
      {" a 1 1\n", "1:1: expected the name of a metric, not \" a 1 1\""},
      {"1a 1 1\n", "1:1: expected the name of a metric, not \"1a 1 1\""},
      {"a {x=\"1\"} 1 1\n", "1:3: \"{x=\\\"1\\\"}\" is no number"},
      {"a{x=1} 1 1\n", "1:5: expected the value of a label in double quotes, not \"1} 1 1\""},
      {"a{x=\"1\" 1 1\n", "1:8: expected , or }, not \" 1 1\""},
      {"a{x=\"1 1 1\n", "1:5: the quotes are not closed"},
      {"a{x=\"\\t\"} 1 1\n", "1:6: after a backslash comes \\, \" or n"},
      {"a{x=\"\xff\"} 1 1\n", "1:6: invalid UTF-8"},
      {"a{x:y=\"1\"} 1 1\n", "1:4: expected =, not \":y=\\\"1\\\"} 1 1\""},
      {"a{x=\"1\",x=\"2\"} 1 1\n", "1:9: the label \"x\" stands twice"},
      {"a{__name__=\"b\"} 1 1\n", "1:3: the label \"__name__\" is not allowed"},
      {"{x=\"1\"} 1 1\n", "1:1: a sample without the name of its metric"},
      {"a{\"b\"} 1 1\n", "1:6: expected =, not \"} 1 1\""},
      {"a 0x1p3 1\n", "1:3: \"0x1p3\" is no number"},
      {"a 1_0 1\n", "1:3: \"1_0\" is no number"},
      {"a 1e999 1\n", "1:3: \"1e999\" is out of range"},
      {"a 1\n", "1:4: a sample without timestamp: what is imported needs one"},
      {"a 1 # {} 1\n", "1:4: a sample without timestamp: what is imported needs one"},
      {"a 1 NaN\n", "1:5: \"NaN\" is no time"},
      {"a 1 1e30\n", "1:5: \"1e30\" is no time"},
      {"a 1 1 # {x=\"1\"}\n", "1:16: expected a space, but the line ends"},
      {"a 1 1 # {x=\"1\"} b\n", "1:17: \"b\" is no number"},
      {"a 1 1 # {x=\"1\"} 1 2 3\n", "1:20: expected the end of the line, not \" 3\""},
      {"# a comment\n", "1:1: expected # TYPE, # HELP, # UNIT, # EOF or a sample: OpenMetrics has "
                        "no comments"},
      {"# TYPE a untyped\n", "1:10: \"untyped\" is no type of OpenMetrics"},
      {"# TYPE a\n", "1:9: expected a space, but the line ends"},
      {"# HELP a \xff\n", "1:10: invalid UTF-8"},
      {"# UNIT a_seconds bytes\n", "1:18: the name \"a_seconds\" does not end with its unit"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(Fault(text), want) << text;
}

TEST(MetricsTextParserTest, FamiliesAreTogetherAndOfTheirType) {
  const std::pair<const char*, const char*> cases[] = {
      {"a 1 1\nb 1 1\na 2 2\n",
       "3:1: the family \"a\" begins again; all of it must stand together"},
      {"# TYPE a gauge\nb 1 1\na 1 1\n",
       "3:1: the family \"a\" begins again; all of it must stand together"},
      {"a 1 1\n# TYPE a gauge\n", "2:8: metadata of \"a\" after its samples"},
      {"# TYPE a gauge\n# TYPE a gauge\n", "2:8: a second TYPE of \"a\""},
      {"# TYPE a counter\na 1 1\n",
       "2:1: samples of the counter \"a\" are named a_total or a_created"},
      {"# TYPE a histogram\na 1 1\n", "2:1: samples of the histogram \"a\" are named a_bucket, "
                                      "a_count, a_sum or a_created"},
      {"a 1 1\na 1 1\n", "2:5: the timestamp is not after the one before of this series"},
      {"a{x=\"1\"} 1 5\na{x=\"1\"} 1 4.999\n",
       "2:12: the timestamp is not after the one before of this series"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(Fault(text), want) << text;
  EXPECT_EQ(Fault("# TYPE a gauge\n# HELP a x\na 1 2\na{x=\"1\"} 1 1\nab 1 1\n"), "none");
}

TEST(MetricsTextParserTest, TheEndMustBeThereAndBeTheEnd) {
  EXPECT_THAT(Read(kOpenMetrics, "a 1 1\n"),
              ElementsAre("a 1 @1000", "the text does not end with # EOF; is it cut?"));
  EXPECT_THAT(Read(kOpenMetrics, "# EOF\na 1 1\n"), ElementsAre("2:1: text after # EOF"));
  EXPECT_THAT(Read(kOpenMetrics, "# EOF \n").back(), HasSubstr("no comments"));
}

TEST(MetricsTextParserTest, TheOlderFormatIsFree) {
  EXPECT_THAT(Read(kPrometheus,
                   "# a comment\n\n  # HELP a x\n# TYPE a untyped \n#TYPE b counter\n"
                   "a { x = \"1\" , } 1 1700000000123\n\ta\t2  1700000000124 \n"
                   "b 1 5\na 3 4\na 3 4\na {y=\"2\"} 1 1\n# EOF\n"),
              ElementsAre("a{x=\"1\"} 1 @1700000000123", "a 2 @1700000000124", "b 1 @5", "a 3 @4",
                          "a 3 @4", "a{y=\"2\"} 1 @1"));
  EXPECT_THAT(Read(kPrometheus, "a 1 1.5"),
              ElementsAre("1:5: \"1.5\" is no timestamp in milliseconds"));
  EXPECT_THAT(Read(kPrometheus, "a 1"),
              ElementsAre("1:4: a sample without timestamp: what is imported needs one"));
  EXPECT_THAT(Read(kPrometheus, "# TYPE a what"), ElementsAre("1:10: \"what\" is no type"));
  EXPECT_THAT(Read(kPrometheus, "a 1 1 x"),
              ElementsAre("1:7: expected the end of the line, not \"x\""));
}

}  // namespace
}  // namespace sloburn::openmetrics
