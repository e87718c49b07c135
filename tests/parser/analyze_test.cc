// SPDX-License-Identifier: Apache-2.0
#include "engine/analyze/analyze.h"

#include <gtest/gtest.h>

#include "case_file.h"
#include "parser/parser.h"

namespace sloburn::engine {
namespace {

std::string Path(const std::string& name) { return SLOBURN_TESTDATA "/parser/" + name; }

// The type of the expression, or what is wrong with it.
std::string Outcome(const parser::ParseCase& c) {
  const auto expr = parser::Parse(c.input, c.options);
  if (!expr.ok()) return "not parsed: " + std::string(expr.status().message());
  AnalyzeOptions options;
  options.enable_experimental_functions = c.options.enable_experimental_functions;
  const auto type = Analyze(c.input, **expr, options);
  if (type.ok()) return std::string(TypeName(*type));
  const std::string message(type.status().message());
  return type.status().code() == absl::StatusCode::kUnimplemented ? "refused: " + message
                                                                  : message;
}

TEST(Analyze, FindsTypesAndErrors) {
  for (const parser::ParseCase& c : parser::ReadCases(Path("analyze.cases"))) {
    SCOPED_TRACE(c.place + ": " + c.input);
    EXPECT_EQ(Outcome(c), c.expected);
  }
}

TEST(Analyze, ErrorsKnowTheirPlace) {
  const std::string text = "sum(rate(up))";
  const auto expr = parser::Parse(text, {});
  ASSERT_TRUE(expr.ok());
  const auto type = Analyze(text, **expr, {});
  EXPECT_EQ(type.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(parser::RangeOf(type.status()), (parser::SourceRange{9, 11}));
}

TEST(Analyze, BadRegularExpressionsComeBeforeTypes) {
  for (const auto& [text, start] :
       {std::pair("up{a=~\"(\"}", "1:4: parse error: error parsing regexp: missing"),
        std::pair("ceil(1) + up{b!~\"[\"}", "1:14: parse error: error parsing regexp: missing"),
        std::pair("up{a=~\"*\"} + nofunc()", "1:4: parse error: error parsing regexp: "),
        std::pair("nofunc() + up{a=~\"*\"}[5m]", "1:1: parse error: unknown function"),
        std::pair("nofunc(up{a=~\"*\"}[5m])", "1:11: parse error: error parsing regexp: ")}) {
    SCOPED_TRACE(text);
    const auto expr = parser::Parse(text, {});
    ASSERT_TRUE(expr.ok()) << expr.status();
    const auto type = Analyze(text, **expr, {});
    EXPECT_EQ(type.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(type.status().message().substr(0, std::string(start).size()), start);
  }
}

TEST(Analyze, LongChainsNeedNoDeepStack) {
  std::string text = "x";
  for (int i = 0; i < 100'000; ++i) text += i % 2 == 0 ? " + x" : " ^ x";
  const auto expr = parser::Parse(text, {});
  ASSERT_TRUE(expr.ok()) << expr.status();
  const auto type = Analyze(text, **expr, {});
  ASSERT_TRUE(type.ok()) << type.status();
  EXPECT_EQ(*type, ValueType::kInstantVector);
}

}  // namespace
}  // namespace sloburn::engine
