// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace sloburn::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::vector<ScriptCommand> Read(std::string_view text) {
  auto commands = ParseScript("x.test", text);
  EXPECT_TRUE(commands.ok()) << commands.status();
  return commands.ok() ? *std::move(commands) : std::vector<ScriptCommand>{};
}

EvalCommand ReadEval(std::string_view text) {
  const auto commands = Read(text);
  if (commands.size() != 1 || !std::holds_alternative<EvalCommand>(commands[0])) {
    ADD_FAILURE() << "not one eval: " << text;
    return {};
  }
  return std::get<EvalCommand>(commands[0]);
}

std::string ErrorOf(std::string_view text) {
  const auto commands = ParseScript("x.test", text);
  return commands.ok() ? "no error" : std::string(commands.status().message());
}

TEST(Script, LoadCollectsSeries) {
  const auto commands = Read("# comment\n\nload 30s\n  x{a=\"1\"} 1+1x2 _ stale\n  y 5\n\nclear\n");
  ASSERT_EQ(commands.size(), 2u);
  const auto& load = std::get<LoadCommand>(commands[0]);
  EXPECT_EQ(load.line, 3);
  EXPECT_EQ(load.step_ms, 30'000);
  ASSERT_EQ(load.series.size(), 2u);
  EXPECT_EQ(load.series[0].labels.ToString(), "x{a=\"1\"}");
  ASSERT_EQ(load.series[0].values.size(), 5u);
  EXPECT_EQ(load.series[0].values[2].value, 3);
  EXPECT_TRUE(load.series[0].values[3].is_omitted);
  EXPECT_TRUE(std::holds_alternative<ClearCommand>(commands[1]));
}

TEST(Script, OfTwoLinesForOneSeriesTheLaterCounts) {
  const auto commands = Read("load 1m\n  x{a=\"1\",b=\"2\"} 1\n  y 5\n  x{b=\"2\",a=\"1\"} 7\n");
  const auto& load = std::get<LoadCommand>(commands[0]);
  ASSERT_EQ(load.series.size(), 2u);
  EXPECT_EQ(load.series[0].values[0].value, 7);
}

TEST(Script, StartTimestampsMarkTheNextSeries) {
  const auto commands = Read("load_with_nhcb 1m\n  x{}@st -1m -2m\n  x{} 1 2\n  y 5\n");
  const auto& load = std::get<LoadCommand>(commands[0]);
  EXPECT_TRUE(load.with_custom_buckets);
  EXPECT_EQ(load.series[0].values[0].start_offset_ms, -60'000);
  EXPECT_EQ(load.series[1].values[0].start_offset_ms, std::nullopt);
}

TEST(Script, InstantEval) {
  const EvalCommand eval = ReadEval("\neval instant at 1h30m sum  by (a) (x)\n  {a=\"1\"} 2\n");
  EXPECT_EQ(eval.line, 2);
  EXPECT_EQ(eval.expr, "sum  by (a) (x)");
  EXPECT_FALSE(eval.is_range_query);
  EXPECT_EQ(eval.range.start_ms, 5'400'000);
  ASSERT_EQ(eval.series.size(), 1u);
  EXPECT_EQ(eval.series[0].values[0].value, 2);
}

TEST(Script, RangeEval) {
  const EvalCommand eval = ReadEval("eval range from -1m to 1m step 30s x\n  x 1 _ 3\n");
  EXPECT_TRUE(eval.is_range_query);
  EXPECT_EQ(eval.range.start_ms, -60'000);
  EXPECT_EQ(eval.range.end_ms, 60'000);
  EXPECT_EQ(eval.range.step_ms, 30'000);
  EXPECT_EQ(eval.series[0].values.size(), 3u);
}

TEST(Script, ScalarAndStringResults) {
  EXPECT_EQ(ReadEval("eval instant at 0 1\n  0x10").scalar, 16);
  EXPECT_EQ(ReadEval("eval instant at 0 1\n  -1e3").scalar, -1000);
  EXPECT_TRUE(std::isnan(*ReadEval("eval instant at 0 1\n  NaN").scalar));
  EXPECT_EQ(ReadEval("eval instant at 0 'a'\n  expect string \"a\\nb\"").string_result, "a\nb");
}

TEST(Script, Expectations) {
  const EvalCommand eval = ReadEval(
      "eval instant at 1m x\n  expect warn msg: exactly this \n  expect warn regex: a+\n"
      "  expect info\n  expect ordered\n  expect range vector from 0 to 1m step 30s\n  x 1 2 3\n");
  ASSERT_EQ(eval.warnings.size(), 2u);
  EXPECT_EQ(eval.warnings[0].kind, ExpectedText::Kind::kExact);
  EXPECT_EQ(eval.warnings[0].text, "exactly this");
  EXPECT_EQ(eval.warnings[1].kind, ExpectedText::Kind::kRegex);
  EXPECT_EQ(eval.warnings[1].text, "a+");
  EXPECT_EQ(eval.infos[0].kind, ExpectedText::Kind::kAny);
  EXPECT_TRUE(eval.is_ordered);
  ASSERT_TRUE(eval.range_vector.has_value());
  EXPECT_EQ(eval.range_vector->step_ms, 30'000);
  EXPECT_TRUE(ReadEval("eval instant at 1m x\n  expect no_warn\n").no_warnings);
  EXPECT_TRUE(ReadEval("eval instant at 1m x\n  expect no_info\n").no_infos);
}

TEST(Script, DeprecatedForms) {
  EXPECT_TRUE(ReadEval("eval_ordered instant at 1m x\n").is_ordered);
  EXPECT_TRUE(ReadEval("eval_warn instant at 1m x\n").any_warning);
  EXPECT_TRUE(ReadEval("eval_info instant at 1m x\n").any_info);
  EXPECT_EQ(ReadEval("eval_fail instant at 1m x\n").fail->kind, ExpectedText::Kind::kAny);
  const EvalCommand exact = ReadEval("eval_fail instant at 1m x\n  expected_fail_message a b\n");
  EXPECT_EQ(exact.fail->text, "a b");
  const EvalCommand regex = ReadEval("eval_fail instant at 1m x\n  expected_fail_regexp a.b\n");
  EXPECT_EQ(regex.fail->kind, ExpectedText::Kind::kRegex);
}

TEST(Script, ACommentEndsABody) {
  const auto commands = Read("eval instant at 1m x\n  x 1\n# y\neval instant at 2m x\n  x 2\n");
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_EQ(std::get<EvalCommand>(commands[0]).series.size(), 1u);
}

TEST(Script, ErrorsNameFileAndLine) {
  EXPECT_EQ(ErrorOf("\nfoo bar\n"), "x.test:2: unknown command \"foo\"");
  EXPECT_THAT(ErrorOf("load\n"), StartsWith("x.test:1: invalid load command"));
  EXPECT_THAT(ErrorOf("load 5x\n  a 1\n"), StartsWith("x.test:1: "));
  EXPECT_THAT(ErrorOf("load 1m\n  a{ 1\n"), StartsWith("x.test:2: "));
  EXPECT_THAT(ErrorOf("load 1m\n  a@st -1m\n"), HasSubstr("@st line has no following sample line"));
  EXPECT_THAT(ErrorOf("eval instant\n"), HasSubstr("invalid eval command"));
  EXPECT_THAT(ErrorOf("eval range from 2m to 1m step 1m x\n"), HasSubstr("invalid time range"));
  EXPECT_THAT(ErrorOf("eval range from 1m to 2m step 0 x\n"), HasSubstr("invalid time range"));
  EXPECT_THAT(ErrorOf("eval range from 0 to 100y step 1s x\n"),
              StartsWith("x.test:1: time range of 3153600001 steps exceeds the limit"));
  EXPECT_EQ(ErrorOf("eval range from 0 to 999999s step 1s x\n"), "no error");
  EXPECT_THAT(ErrorOf("eval instant at 1m x\n  expect range vector from 0 to 100y step 1s\n"),
              HasSubstr("exceeds the limit"));
  EXPECT_THAT(ErrorOf("eval instant at 1m x\n  x 1 2\n"), HasSubstr("multiple values"));
  EXPECT_THAT(ErrorOf("eval instant at 1m x\n  expect nothing\n"),
              StartsWith("x.test:2: invalid expect statement"));
  EXPECT_THAT(ErrorOf("eval instant at 1m x\n  expect fail because\n"), HasSubstr("because"));
  EXPECT_THAT(ErrorOf("eval instant at 1m x\n  expect fail regex: (\n"),
              HasSubstr("invalid regular expression"));
  EXPECT_THAT(ErrorOf("eval instant at 1m x\n  expect fail\n  expect fail\n"),
              HasSubstr("multiple expect fail"));
  EXPECT_THAT(ErrorOf("eval instant at 1m x\n  expect warn\n  expect no_warn\n"),
              HasSubstr("exclude each other"));
  EXPECT_THAT(ErrorOf("eval instant at 1m x\n  expect string \"a\n"), StartsWith("x.test:2: "));
  EXPECT_THAT(ErrorOf("eval range from 0 to 1m step 1m x\n  expect ordered\n"),
              HasSubstr("instant queries"));
}

}  // namespace
}  // namespace sloburn::cli
