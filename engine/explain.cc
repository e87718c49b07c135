// SPDX-License-Identifier: Apache-2.0
#include "engine/explain.h"

#include <algorithm>
#include <string_view>

#include "base/str_cat.h"
#include "engine/exec/profile.h"
#include "parser/printer.h"

namespace sloburn::engine {
namespace {

std::string_view Cut(std::string_view source, int begin, int end) {
  const auto bound = [&](int at) { return std::clamp<size_t>(at, 0, source.size()); };
  return source.substr(bound(begin), bound(std::max(begin, end)) - bound(begin));
}

std::string JoinNames(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) StrAppend(&joined, joined.empty() ? "" : ", ", name);
  return joined;
}

std::string DescribeAggregation(const parser::AggregateExpr& expr) {
  const std::string_view name = parser::Describe(expr.op).name;
  if (expr.grouping.empty() && !expr.is_without) return std::string(name);
  return StrCat(name, expr.is_without ? " without (" : " by (", JoinNames(expr.grouping), ")");
}

// "subquery [1h:5m] offset 1d"
std::string DescribeSubquery(const parser::Expr& expr, const parser::SubqueryExpr& subquery,
                             std::string_view source) {
  const std::string_view rest = Cut(source, subquery.expr->range.end, expr.range.end);
  const size_t bracket = rest.find('[');
  return StrCat("subquery ", bracket == std::string_view::npos ? rest : rest.substr(bracket));
}

std::string Describe(const PlanNode& node, std::string_view source) {
  const parser::ExprNode& syntax = node.expr->node;
  if (const auto* unary = std::get_if<parser::UnaryExpr>(&syntax)) {
    return unary->is_negation ? "negate" : "plus";
  }
  if (const auto* binary = std::get_if<parser::BinaryExpr>(&syntax)) {
    return std::string(Cut(source, binary->operator_range.begin, binary->operator_range.end));
  }
  if (const auto* aggregate = std::get_if<parser::AggregateExpr>(&syntax)) {
    return DescribeAggregation(*aggregate);
  }
  if (const auto* call = std::get_if<parser::Call>(&syntax)) return StrCat(call->function, "()");
  if (const auto* subquery = std::get_if<parser::SubqueryExpr>(&syntax)) {
    return DescribeSubquery(*node.expr, *subquery, source);
  }
  return parser::Print(*node.expr);
}

std::vector<std::string> Notes(const PlanNode& node, bool is_below_invariant) {
  std::vector<std::string> notes;
  const bool is_constant = std::holds_alternative<parser::NumberLiteral>(node.expr->node) ||
                           std::holds_alternative<parser::StringLiteral>(node.expr->node);
  if (node.is_step_invariant && !is_below_invariant && !is_constant) {
    notes.emplace_back("evaluated once for all steps");
  }
  if (node.reads_statistics) notes.emplace_back("of histograms only count and sum");
  if (node.slides) notes.emplace_back("one pass over each series");
  return notes;
}

// With that of its inputs. A range vector is no operator: a subquery takes what is in it takes.
absl::Duration TimeOf(const PlanNode& node, QueryProfile& profile) {
  if (node.type != ValueType::kRangeVector) return absl::FromChrono(profile.Of(node).time);
  absl::Duration total;
  for (const PlanNodePtr& child : node.children) {
    total += absl::FromChrono(profile.Of(*child).time);
  }
  return total;
}

struct Visit {
  const PlanNode* node;
  int depth;
  bool is_below_invariant;
};

}  // namespace

std::vector<ExplainRow> Explain(const PlanNode& plan, QueryProfile& profile,
                                const std::string& source) {
  std::vector<ExplainRow> rows;
  std::vector<Visit> pending = {{&plan, 0, false}};
  while (!pending.empty()) {
    const Visit visit = pending.back();
    pending.pop_back();
    const PlanNode& node = *visit.node;
    const OperatorProfile& counts = profile.Of(node);
    ExplainRow row;
    row.depth = visit.depth;
    row.operation = Describe(node, source);
    row.notes = Notes(node, visit.is_below_invariant);
    row.is_selector = std::holds_alternative<parser::VectorSelector>(node.expr->node) ||
                      std::holds_alternative<parser::MatrixSelector>(node.expr->node);
    if (counts.summarized > 0) {
      row.notes.push_back(StrCat("chunk summaries instead of samples of ",
                                 static_cast<int64_t>(counts.summarized), " series"));
    }
    row.series = counts.series;
    row.samples = counts.samples;
    row.threads = counts.threads;
    row.total = TimeOf(node, profile);
    row.self = row.total;
    for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
      row.self -= TimeOf(**child, profile);
      pending.push_back({child->get(), visit.depth + 1,
                         visit.is_below_invariant || node.is_step_invariant});
    }
    row.self = std::max(row.self, absl::ZeroDuration());
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace sloburn::engine
