// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "engine/model/stale.h"

namespace sloburn::cli {
namespace {

using testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Labels Named(const std::string& value) { return Labels::FromPairs({{"a", value}}); }

ScriptSeries Expected(const std::string& value, std::vector<double> values) {
  ScriptSeries series{Named(value), {}};
  for (const double v : values) {
    ScriptValue one;
    one.value = v;
    series.values.push_back(one);
  }
  return series;
}

std::string Verdict(const absl::Status& status) { return std::string(status.message()); }

TEST(SameFloat, RelativeTolerance) {
  EXPECT_TRUE(SameFloat(1, 1 + 1e-7));
  EXPECT_FALSE(SameFloat(1, 1 + 1e-5));
  EXPECT_TRUE(SameFloat(1e300, 1e300 * (1 + 1e-7)));
  EXPECT_FALSE(SameFloat(0, 1e-9));
  EXPECT_TRUE(SameFloat(0.0, -0.0));
  EXPECT_FALSE(SameFloat(1, -1));
}

TEST(SameFloat, SpecialValues) {
  const double stale = std::bit_cast<double>(uint64_t{0x7ff0000000000002});
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(SameFloat(kNan, kNan));
  EXPECT_TRUE(SameFloat(stale, stale));
  EXPECT_FALSE(SameFloat(kNan, stale));
  EXPECT_FALSE(SameFloat(kNan, 1));
  EXPECT_TRUE(SameFloat(inf, inf));
  EXPECT_FALSE(SameFloat(inf, -inf));
  EXPECT_FALSE(SameFloat(inf, 1e308));
}

TEST(CompareInstant, VectorsInAnyOrder) {
  EvalCommand eval;
  eval.series = {Expected("1", {1}), Expected("2", {2})};
  const InstantVector swapped = {{Named("2"), 0, 2}, {Named("1"), 0, 1}};
  EXPECT_TRUE(CompareInstant(eval, swapped, 0).ok());
  eval.is_ordered = true;
  EXPECT_THAT(Verdict(CompareInstant(eval, swapped, 0)), HasSubstr("wrong order"));
}

TEST(CompareInstant, VectorsThatDiffer) {
  EvalCommand eval;
  eval.series = {Expected("1", {1})};
  EXPECT_THAT(Verdict(CompareInstant(eval, InstantVector{}, 0)),
              HasSubstr("expected 1 series, got 0"));
  EXPECT_THAT(Verdict(CompareInstant(eval, InstantVector{{Named("2"), 0, 1}}, 0)),
              HasSubstr("unexpected series"));
  EXPECT_THAT(Verdict(CompareInstant(eval, InstantVector{{Named("1"), 0, 3}}, 0)),
              HasSubstr("expected 1 for {a=\"1\"}, got 3"));
}

TEST(CompareInstant, ScalarsAndStrings) {
  EvalCommand scalar;
  scalar.scalar = 3;
  EXPECT_TRUE(CompareInstant(scalar, ScalarResult{0, 3}, 0).ok());
  EXPECT_FALSE(CompareInstant(scalar, ScalarResult{0, 4}, 0).ok());
  EXPECT_FALSE(CompareInstant(scalar, InstantVector{}, 0).ok());
  EXPECT_FALSE(CompareInstant(EvalCommand{}, ScalarResult{0, 3}, 0).ok());
  EvalCommand text;
  text.string_result = "a";
  EXPECT_TRUE(CompareInstant(text, StringResult{0, "a"}, 0).ok());
  EXPECT_FALSE(CompareInstant(text, StringResult{0, "b"}, 0).ok());
  EXPECT_FALSE(CompareInstant(text, ScalarResult{0, 1}, 0).ok());
}

class CompareRangeTest : public testing::Test {
 protected:
  CompareRangeTest() {
    eval_.is_range_query = true;
    eval_.range = {0, 20, 10};
    eval_.series = {Expected("1", {1, 2, 3})};
    eval_.series[0].values[1].is_omitted = true;
  }
  std::string Against(const Matrix& matrix) { return Verdict(CompareRange(eval_, matrix)); }

  EvalCommand eval_;
};

TEST_F(CompareRangeTest, OmittedStepsHaveNoSample) {
  EXPECT_EQ(Against({{Named("1"), {{0, 1}, {20, 3}}}}), "");
  EXPECT_THAT(Against({{Named("1"), {{0, 1}, {10, 2}, {20, 3}}}}), HasSubstr("unexpected sample"));
  EXPECT_THAT(Against({{Named("1"), {{0, 1}}}}), HasSubstr("expected a sample"));
  EXPECT_THAT(Against({{Named("1"), {{0, 1}, {20, 4}}}}), HasSubstr("expected 3"));
}

TEST_F(CompareRangeTest, SeriesMustBeTheSameAndSorted) {
  EXPECT_THAT(Against({}), HasSubstr("got none"));
  EXPECT_THAT(Against({{Named("1"), {{0, 1}, {20, 3}}}, {Named("2"), {{0, 1}}}}),
              HasSubstr("expected 1 series, got 2"));
  EXPECT_THAT(Against({{Named("2"), {{0, 1}}}, {Named("1"), {{0, 1}, {20, 3}}}}),
              HasSubstr("not sorted"));
}

TEST_F(CompareRangeTest, ExpectationsMustFitTheTimeRange) {
  eval_.range.end_ms = 10;
  EXPECT_THAT(Against({{Named("1"), {{0, 1}}}}), HasSubstr("2 steps only"));
}

TEST(TextMatches, ExactRegexAny) {
  EXPECT_TRUE(TextMatches({}, "anything"));
  EXPECT_TRUE(TextMatches({ExpectedText::Kind::kExact, "a.c"}, "a.c"));
  EXPECT_FALSE(TextMatches({ExpectedText::Kind::kExact, "a.c"}, "abc"));
  EXPECT_TRUE(TextMatches({ExpectedText::Kind::kRegex, "a.c"}, "xabcx"));
  EXPECT_FALSE(TextMatches({ExpectedText::Kind::kRegex, "^a.c$"}, "xabcx"));
}

}  // namespace
}  // namespace sloburn::cli
