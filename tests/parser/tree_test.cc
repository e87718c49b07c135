// SPDX-License-Identifier: Apache-2.0
// The fields and source ranges of the tree.
#include <gtest/gtest.h>

#include "parser/parser.h"

namespace sloburn::parser {
namespace {

ExprPtr MustParse(std::string_view text) {
  ParseOptions options;
  options.enable_experimental_functions = true;
  options.enable_extended_range_selectors = true;
  options.enable_binop_fill_modifiers = true;
  auto expr = Parse(text, options);
  EXPECT_TRUE(expr.ok()) << text << ": " << expr.status();
  return expr.ok() ? *std::move(expr) : std::make_unique<Expr>(NumberLiteral(), SourceRange());
}

template <typename Node>
const Node& As(const Expr& expr) {
  return std::get<Node>(expr.node);
}

TEST(Tree, Selector) {
  const ExprPtr expr = MustParse(" up{a=\"x\", b!~'y'} offset -5m @ 1.5");
  const auto& selector = As<VectorSelector>(*expr);
  EXPECT_EQ(selector.name, "up");
  ASSERT_EQ(selector.matchers.size(), 2u);
  EXPECT_EQ(selector.matchers[0].name, "a");
  EXPECT_EQ(selector.matchers[0].value, "x");
  EXPECT_EQ(selector.matchers[0].type, MatchType::kEqual);
  EXPECT_EQ(selector.matchers[0].range, (SourceRange{4, 9}));
  EXPECT_EQ(selector.matchers[1].type, MatchType::kNotRegex);
  EXPECT_EQ(selector.offset.ms, -300'000);
  EXPECT_EQ(selector.offset.expr, nullptr);
  EXPECT_EQ(selector.at.kind, AtKind::kTimestamp);
  EXPECT_EQ(selector.at.timestamp_ms, 1500);
  EXPECT_EQ(expr->range, (SourceRange{1, 35}));
}

TEST(Tree, MatrixSelector) {
  const ExprPtr expr = MustParse("up[90s] @ end() smoothed");
  const auto& matrix = As<MatrixSelector>(*expr);
  EXPECT_EQ(matrix.range.ms, 90'000);
  EXPECT_EQ(matrix.selector.at.kind, AtKind::kEnd);
  EXPECT_TRUE(matrix.selector.is_smoothed);
  EXPECT_EQ(matrix.selector_range, (SourceRange{0, 2}));
  EXPECT_EQ(expr->range, (SourceRange{0, 24}));
}

TEST(Tree, Subquery) {
  const ExprPtr expr = MustParse("rate(x[5m])[1h:30s] offset 1d");
  const auto& subquery = As<SubqueryExpr>(*expr);
  EXPECT_EQ(subquery.range.ms, 3'600'000);
  EXPECT_EQ(subquery.step.ms, 30'000);
  EXPECT_EQ(subquery.offset.ms, 86'400'000);
  EXPECT_EQ(As<Call>(*subquery.expr).function, "rate");
  EXPECT_EQ(As<SubqueryExpr>(*MustParse("x[1h:]")).step.ms, 0);
}

TEST(Tree, DurationsKeepTheirExpression) {
  const ExprPtr expr = MustParse("x[2 * step() + 1m]");
  const auto& matrix = As<MatrixSelector>(*expr);
  ASSERT_NE(matrix.range.expr, nullptr);
  const DurationExpr& sum = *matrix.range.expr;
  EXPECT_EQ(sum.kind, DurationExpr::Kind::kAdd);
  EXPECT_EQ(sum.range, (SourceRange{2, 17}));
  EXPECT_EQ(sum.lhs->kind, DurationExpr::Kind::kMultiply);
  EXPECT_EQ(sum.lhs->lhs->seconds, 2);
  EXPECT_FALSE(sum.lhs->lhs->is_duration);
  EXPECT_EQ(sum.lhs->rhs->kind, DurationExpr::Kind::kStep);
  EXPECT_EQ(sum.rhs->seconds, 60);
  EXPECT_TRUE(sum.rhs->is_duration);
  // In parentheses even a literal is an expression.
  const ExprPtr wrapped = MustParse("x[(5m)]");
  EXPECT_NE(As<MatrixSelector>(*wrapped).range.expr, nullptr);
}

TEST(Tree, NumericRangesRoundToNanosecondsAndTruncateToMilliseconds) {
  EXPECT_EQ(As<MatrixSelector>(*MustParse("x[1.9999]")).range.ms, 1999);
  EXPECT_EQ(As<MatrixSelector>(*MustParse("x[0.3]")).range.ms, 300);
}

TEST(Tree, BinaryExpr) {
  const ExprPtr expr = MustParse("a + on (x, y) group_left (z) fill_right(-2) b");
  const auto& binary = As<BinaryExpr>(*expr);
  EXPECT_EQ(binary.op, BinaryOperator::kAdd);
  EXPECT_EQ(binary.operator_range, (SourceRange{2, 43}));
  EXPECT_TRUE(binary.matching.has_matching);
  EXPECT_TRUE(binary.matching.is_on);
  EXPECT_EQ(binary.matching.labels, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(binary.matching.include, (std::vector<std::string>{"z"}));
  EXPECT_EQ(binary.matching.cardinality, Cardinality::kManyToOne);
  EXPECT_EQ(binary.matching.fill_left, std::nullopt);
  EXPECT_EQ(binary.matching.fill_right, -2);
  EXPECT_EQ(expr->range, (SourceRange{0, 45}));
  EXPECT_EQ(As<BinaryExpr>(*MustParse("a and b")).matching.cardinality, Cardinality::kManyToMany);
  EXPECT_TRUE(As<BinaryExpr>(*MustParse("a == bool b")).returns_bool);
}

TEST(Tree, AggregateExpr) {
  const ExprPtr expr = MustParse("topk(3, up) without (a)");
  const auto& aggregate = As<AggregateExpr>(*expr);
  EXPECT_EQ(aggregate.op, AggregateOperator::kTopk);
  EXPECT_TRUE(aggregate.is_without);
  EXPECT_EQ(aggregate.grouping, (std::vector<std::string>{"a"}));
  EXPECT_EQ(As<NumberLiteral>(*aggregate.param).value, 3);
  EXPECT_EQ(As<VectorSelector>(*aggregate.expr).name, "up");
  const auto children = Children(const_cast<const Expr&>(*expr));
  ASSERT_EQ(children.size(), 2u);
  EXPECT_EQ(children[0], aggregate.param.get());
}

TEST(Tree, NestedAggregationsKeepTheirOwnLabels) {
  const ExprPtr expr = MustParse("sum by (a) (max by (b) (x)) / min(y) by (c)");
  const auto& binary = As<BinaryExpr>(*expr);
  const auto& sum = As<AggregateExpr>(*binary.lhs);
  EXPECT_EQ(sum.grouping, (std::vector<std::string>{"a"}));
  EXPECT_EQ(As<AggregateExpr>(*sum.expr).grouping, (std::vector<std::string>{"b"}));
  EXPECT_EQ(As<AggregateExpr>(*binary.rhs).grouping, (std::vector<std::string>{"c"}));
}

TEST(Tree, CallsKeepTheirOwnArguments) {
  const ExprPtr expr = MustParse("f(a, g(b, c), d)");
  const auto& call = As<Call>(*expr);
  ASSERT_EQ(call.args.size(), 3u);
  EXPECT_EQ(call.function_range, (SourceRange{0, 1}));
  EXPECT_EQ(call.args[1]->range, (SourceRange{5, 12}));
  EXPECT_EQ(As<Call>(*call.args[1]).args.size(), 2u);
  EXPECT_EQ(As<VectorSelector>(*call.args[2]).name, "d");
}

TEST(Tree, SignsFoldIntoNumbers) {
  EXPECT_EQ(As<NumberLiteral>(*MustParse("--5")).value, 5);
  const ExprPtr negative = MustParse("-5m");
  EXPECT_EQ(As<NumberLiteral>(*negative).value, -300);
  EXPECT_TRUE(As<NumberLiteral>(*negative).is_duration);
  EXPECT_EQ(negative->range, (SourceRange{0, 3}));
  EXPECT_TRUE(As<UnaryExpr>(*MustParse("-x")).is_negation);
  EXPECT_FALSE(As<UnaryExpr>(*MustParse("+x")).is_negation);
}

}  // namespace
}  // namespace sloburn::parser
