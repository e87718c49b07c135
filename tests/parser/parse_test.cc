// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "case_file.h"
#include "parser/parser.h"
#include "parser/printer.h"

namespace sloburn::parser {
namespace {

std::string Path(const std::string& name) { return SLOBURN_TESTDATA "/parser/" + name; }

TEST(Parse, ReportsErrors) {
  for (const ParseCase& c : ReadCases(Path("errors.cases"))) {
    SCOPED_TRACE(c.place + ": " + c.input);
    const auto expr = Parse(c.input, c.options);
    if (expr.ok()) {
      ADD_FAILURE() << "parsed as " << Print(**expr);
      continue;
    }
    EXPECT_EQ(expr.status().message(), c.expected);
    EXPECT_EQ(expr.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_TRUE(RangeOf(expr.status()).has_value());
  }
}

TEST(Parse, PrintsCanonicalText) {
  for (const ParseCase& c : ReadCases(Path("print.cases"))) {
    SCOPED_TRACE(c.place + ": " + c.input);
    const auto expr = Parse(c.input, c.options);
    if (!expr.ok()) {
      ADD_FAILURE() << expr.status();
      continue;
    }
    const std::string text = Print(**expr);
    EXPECT_EQ(text, c.expected);
    for (const std::string& again : {text, *PrettyPrint(**expr)}) {
      const auto reparsed = Parse(again, c.options);
      ASSERT_TRUE(reparsed.ok()) << again << ": " << reparsed.status();
      EXPECT_EQ(Print(**reparsed), text);
    }
  }
}

// Each binary operator stands in parentheses, so that the text shows the tree's shape.
std::string Shape(const Expr& expr) {
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) {
    return "(" + Shape(*binary->lhs) + " " + std::string(Symbol(binary->op)) + " " +
           Shape(*binary->rhs) + ")";
  }
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.node)) {
    return (unary->is_negation ? "(-" : "(+") + Shape(*unary->expr) + ")";
  }
  return Print(expr);
}

TEST(Parse, BindsByPrecedence) {
  for (const ParseCase& c : ReadCases(Path("precedence.cases"))) {
    SCOPED_TRACE(c.place + ": " + c.input);
    const auto expr = Parse(c.input, c.options);
    if (!expr.ok()) {
      ADD_FAILURE() << expr.status();
      continue;
    }
    EXPECT_EQ(Shape(**expr), c.expected);
  }
}

TEST(PrettyPrint, BreaksLongLines) {
  for (const ParseCase& c : ReadCases(Path("pretty.cases"))) {
    SCOPED_TRACE(c.place);
    const auto expr = Parse(c.input, c.options);
    if (!expr.ok()) {
      ADD_FAILURE() << expr.status();
      continue;
    }
    const std::string pretty = *PrettyPrint(**expr);
    EXPECT_EQ(pretty, c.expected);
    const auto reparsed = Parse(pretty, c.options);
    ASSERT_TRUE(reparsed.ok()) << reparsed.status();
    EXPECT_EQ(Print(**reparsed), Print(**expr));
    EXPECT_EQ(*PrettyPrint(**reparsed), pretty);
  }
}

TEST(ParseMetricSelector, TakesASelectorAndNothingElse) {
  const auto selector = ParseMetricSelector("up{job=~\"x|y\"}", {});
  ASSERT_TRUE(selector.ok()) << selector.status();
  EXPECT_EQ(Print(**selector), "up{job=~\"x|y\"}");
  EXPECT_EQ(ParseMetricSelector("up offset 5m", {}).status().message(),
            "1:4: parse error: unexpected <offset>");
  EXPECT_EQ(ParseMetricSelector("", {}).status().message(),
            "unknown position: parse error: unexpected end of input");
  EXPECT_EQ(ParseMetricSelector("1", {}).status().message(),
            "1:1: parse error: unexpected number \"1\"");
}

std::string MetricText(std::string_view text) {
  const auto pairs = ParseMetric(text);
  if (!pairs.ok()) return std::string(pairs.status().message());
  std::string out;
  for (const LabelPair& pair : *pairs) out += pair.name + "=" + pair.value + ";";
  return out;
}

TEST(ParseMetric, ReadsLabels) {
  EXPECT_EQ(MetricText("up{job=\"x\",a='y',}"), "__name__=up;a=y;job=x;");
  EXPECT_EQ(MetricText("{}"), "");
  EXPECT_EQ(MetricText("by"), "__name__=by;");
  EXPECT_EQ(MetricText("{\"my.metric\", \"a.b\"=\"c\"}"), "__name__=my.metric;a.b=c;");
  EXPECT_EQ(MetricText("up{__name__=\"other\"}"), "__name__=up;");
}

TEST(ParseMetric, ReportsErrors) {
  EXPECT_EQ(MetricText("up{job!=\"x\"}"),
            "1:7: parse error: unexpected <op:!=> in label set, expected \"=\"");
  EXPECT_EQ(MetricText("up{job=x}"),
            "1:8: parse error: unexpected identifier \"x\" in label set, expected string");
  EXPECT_EQ(MetricText("up{a=\"1\" b=\"2\"}"),
            "1:10: parse error: unexpected identifier \"b\" in label set, expected \",\" or \"}\"");
  EXPECT_EQ(MetricText("up{,}"),
            "1:4: parse error: unexpected \",\" in label set, expected identifier or \"}\"");
  EXPECT_EQ(MetricText("up 1"), "1:4: parse error: unexpected number \"1\"");
}

TEST(Names, AreLegacyOrNot) {
  EXPECT_TRUE(IsLegacyLabelName("job_1"));
  EXPECT_FALSE(IsLegacyLabelName("1job"));
  EXPECT_FALSE(IsLegacyLabelName("a:b"));
  EXPECT_FALSE(IsLegacyLabelName(""));
  EXPECT_TRUE(IsLegacyMetricName("job:up:sum"));
  EXPECT_TRUE(IsLegacyMetricName(":x"));
  EXPECT_FALSE(IsLegacyMetricName("a.b"));
}

TEST(SourceRange, BelongsToTheError) {
  const auto expr = Parse("up offset 1m[2m]", {});
  ASSERT_FALSE(expr.ok());
  EXPECT_EQ(RangeOf(expr.status()), (SourceRange{12, 16}));
  EXPECT_EQ(BareMessage(expr.status()), "no offset modifiers allowed before range");
  EXPECT_EQ(RangeOf(absl::InvalidArgumentError("x")), std::nullopt);
}

}  // namespace
}  // namespace sloburn::parser
