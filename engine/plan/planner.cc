// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/planner.h"

#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "engine/model/labels.h"
#include "engine/plan/histogram_statistics.h"
#include "engine/plan/step_invariance.h"

namespace sloburn::engine {
namespace {

const parser::Expr* SkipParens(const parser::Expr* expr) {
  while (const auto* paren = std::get_if<parser::ParenExpr>(&expr->node)) expr = paren->expr.get();
  return expr;
}

absl::StatusOr<Matchers> CompileMatchers(const parser::VectorSelector& selector,
                                         RegexCache& regexes) {
  Matchers matchers;
  matchers.reserve(selector.matchers.size() + 1);
  if (!selector.name.empty()) {
    matchers.push_back(Matcher::Plain(parser::MatchType::kEqual, kMetricName, selector.name));
  }
  for (const parser::LabelMatcher& written : selector.matchers) {
    ASSIGN_OR_RETURN(Matcher matcher,
                     Matcher::Create(written.type, written.name, written.value, &regexes));
    matchers.push_back(std::move(matcher));
  }
  return matchers;
}

std::vector<const parser::Expr*> Operands(const parser::Expr& expr) {
  if (const auto* aggregate = std::get_if<parser::AggregateExpr>(&expr.node)) {
    std::vector<const parser::Expr*> operands = {aggregate->expr.get()};
    if (aggregate->param != nullptr) operands.push_back(aggregate->param.get());
    return operands;
  }
  return parser::Children(expr);
}

// The type of a node whose children are planned.
ValueType TypeOf(const PlanNode& node) {
  const parser::ExprNode& syntax = node.expr->node;
  if (std::holds_alternative<parser::NumberLiteral>(syntax)) return ValueType::kScalar;
  if (std::holds_alternative<parser::StringLiteral>(syntax)) return ValueType::kString;
  if (std::holds_alternative<parser::MatrixSelector>(syntax) ||
      std::holds_alternative<parser::SubqueryExpr>(syntax)) {
    return ValueType::kRangeVector;
  }
  if (std::holds_alternative<parser::UnaryExpr>(syntax)) return node.children[0]->type;
  if (std::holds_alternative<parser::BinaryExpr>(syntax)) {
    const bool is_scalar = node.children[0]->type == ValueType::kScalar &&
                           node.children[1]->type == ValueType::kScalar;
    return is_scalar ? ValueType::kScalar : ValueType::kInstantVector;
  }
  if (node.function != nullptr) return node.function->result;
  return ValueType::kInstantVector;
}

// Fills what does not depend on the children.
absl::Status Prepare(PlanNode& node, RegexCache& regexes) {
  const parser::ExprNode& syntax = node.expr->node;
  if (const auto* selector = std::get_if<parser::VectorSelector>(&syntax)) {
    ASSIGN_OR_RETURN(node.matchers, CompileMatchers(*selector, regexes));
  } else if (const auto* matrix = std::get_if<parser::MatrixSelector>(&syntax)) {
    ASSIGN_OR_RETURN(node.matchers, CompileMatchers(matrix->selector, regexes));
  } else if (const auto* call = std::get_if<parser::Call>(&syntax)) {
    node.function = FindFunction(call->function);
    CHECK(node.function != nullptr);
  }
  return absl::OkStatus();
}

}  // namespace

PlanNode::~PlanNode() {
  std::vector<PlanNodePtr> pending;
  const auto take_children = [&pending](PlanNode& node) {
    for (PlanNodePtr& child : node.children) pending.push_back(std::move(child));
    node.children.clear();
  };
  take_children(*this);
  while (!pending.empty()) {
    const PlanNodePtr node = std::move(pending.back());
    pending.pop_back();
    take_children(*node);
  }
}

absl::StatusOr<PlanNodePtr> MakePlan(const parser::Expr& expr, const PlanOptions& options,
                                     RegexCache& regexes) {
  // Parents come before their children in `order`, so the reverse visits children first; generated
  // rules have chains too long for recursion.
  auto root = std::make_unique<PlanNode>();
  root->expr = SkipParens(&expr);
  std::vector<PlanNode*> order = {root.get()};
  for (size_t i = 0; i < order.size(); ++i) {
    PlanNode* const node = order[i];
    RETURN_IF_ERROR(Prepare(*node, regexes));
    for (const parser::Expr* operand : Operands(*node->expr)) {
      auto child = std::make_unique<PlanNode>();
      child->expr = SkipParens(operand);
      order.push_back(child.get());
      node->children.push_back(std::move(child));
    }
  }
  for (size_t i = order.size(); i-- > 0;) order[i]->type = TypeOf(*order[i]);
  for (PlanNode* const node : order) {
    node->slides = options.sliding_windows && node->function != nullptr &&
                   node->function->sliding != nullptr;
    if (node->function != nullptr && node->function->of_facts != nullptr) {
      node->reads_summaries = options.chunk_summaries;
    }
  }
  MarkStepInvariance(order, options.step_invariance ? InvariantParts::kAll
                                                    : InvariantParts::kWhereMeaningDepends);
  MarkHistogramStatistics(order);
  return root;
}

}  // namespace sloburn::engine
