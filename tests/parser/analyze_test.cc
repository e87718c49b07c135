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
  RegexCache regexes;
  const auto analyzed = Analyze(c.input, c.options, regexes);
  return analyzed.ok() ? std::string(TypeName(analyzed->type))
                       : std::string(analyzed.status().message());
}

TEST(Analyze, FindsTypesAndErrors) {
  for (const parser::ParseCase& c : parser::ReadCases(Path("analyze.cases"))) {
    SCOPED_TRACE(c.place + ": " + c.input);
    EXPECT_EQ(Outcome(c), c.expected);
  }
}

TEST(Analyze, ErrorsKnowTheirPlace) {
  RegexCache regexes;
  const auto analyzed = Analyze("sum(rate(up))", {}, regexes);
  EXPECT_EQ(analyzed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(parser::RangeOf(analyzed.status()), (parser::SourceRange{9, 11}));
}

TEST(Analyze, TheFirstErrorReadIsReported) {
  for (const auto& [text, start] :
       {std::pair("up{a=~\"(\"}", "1:4: parse error: error parsing regexp: missing"),
        std::pair("ceil(1) + up{b!~\"[\"}", "1:14: parse error: error parsing regexp: missing"),
        std::pair("up{a=~\"*\"} + nofunc()", "1:4: parse error: error parsing regexp: "),
        std::pair("nofunc() + up{a=~\"*\"}[5m]", "1:1: parse error: unknown function"),
        std::pair("nofunc(up{a=~\"*\"}[5m])", "1:11: parse error: error parsing regexp: "),
        std::pair("nofunc(up) )", "1:1: parse error: unknown function"),
        std::pair("sum(nofunc(up)[5m])", "1:5: parse error: unknown function"),
        std::pair("up{a=~\"*\"$", "1:4: parse error: error parsing regexp: "),
        std::pair("up{a=~\"*\", b", "1:4: parse error: error parsing regexp: "),
        std::pair("up[5m1h] + nofunc(up)", "1:4: parse error: not a valid duration string"),
        std::pair("sum() + nofunc(up)", "1:1: parse error: no arguments for aggregate")}) {
    SCOPED_TRACE(text);
    RegexCache regexes;
    const auto analyzed = Analyze(text, {}, regexes);
    EXPECT_EQ(analyzed.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(analyzed.status().message().substr(0, std::string(start).size()), start);
  }
}

TEST(Analyze, LongChainsNeedNoDeepStack) {
  std::string text = "x";
  for (int i = 0; i < 100'000; ++i) text += i % 2 == 0 ? " + x" : " ^ x";
  RegexCache regexes;
  const auto analyzed = Analyze(text, {}, regexes);
  ASSERT_TRUE(analyzed.ok()) << analyzed.status();
  EXPECT_EQ(analyzed->type, ValueType::kInstantVector);
}

}  // namespace
}  // namespace sloburn::engine
