// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/step_invariance.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace sloburn::engine {
namespace {

using parser::AtKind;

// Functions whose value depends on the evaluation time even over pinned arguments.
constexpr std::array<std::string_view, 15> kTimeDependent = {
    "days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour",
    "minute",        "month",        "year",        "time",        "predict_linear",
    "start",         "end",          "range",       "step",        "timestamp"};

bool IsPinnedTimestampCall(const PlanNode& node) {
  if (node.function->name != "timestamp") return false;
  const auto* selector = std::get_if<parser::VectorSelector>(&node.children[0]->expr->node);
  return selector != nullptr && selector->at.kind != AtKind::kNone;
}

bool IsTimeDependent(const PlanNode& node) {
  if (IsPinnedTimestampCall(node)) return false;
  return std::find(kTimeDependent.begin(), kTimeDependent.end(), node.function->name) !=
         kTimeDependent.end();
}

bool IsLiteral(const PlanNode& node) {
  return std::holds_alternative<parser::NumberLiteral>(node.expr->node) ||
         std::holds_alternative<parser::StringLiteral>(node.expr->node);
}

bool OrdersItsSeries(const PlanNode& node) {
  if (node.function != nullptr) {
    constexpr std::string_view kSort = "sort";
    return node.function->name.substr(0, kSort.size()) == kSort;
  }
  const auto* const aggregate = std::get_if<parser::AggregateExpr>(&node.expr->node);
  using Op = parser::AggregateOperator;
  return aggregate != nullptr && (aggregate->op == Op::kTopk || aggregate->op == Op::kBottomk ||
                                  aggregate->op == Op::kLimitk || aggregate->op == Op::kLimitRatio);
}

bool HasParameter(const PlanNode& node) {
  return std::holds_alternative<parser::AggregateExpr>(node.expr->node) &&
         node.children.size() > 1;
}

// All nodes below `node`, from its child `first` on; subqueries, but not what is in them.
template <typename Visitor>
void ForEachBelow(PlanNode& node, Visitor visit, size_t first = 0) {
  std::vector<PlanNode*> pending;
  for (size_t i = first; i < node.children.size(); ++i) pending.push_back(node.children[i].get());
  while (!pending.empty()) {
    PlanNode& below = *pending.back();
    pending.pop_back();
    visit(below);
    if (std::holds_alternative<parser::SubqueryExpr>(below.expr->node)) continue;
    for (const PlanNodePtr& child : below.children) pending.push_back(child.get());
  }
}

// Prometheus does not look for invariant parts in parameters, and leaves their selectors with an
// offset from the first step.
void MarkInParameter(PlanNode& node) {
  node.is_step_invariant = false;
  const parser::ExprNode& syntax = node.expr->node;
  if (const auto* selector = std::get_if<parser::VectorSelector>(&syntax)) {
    node.at_moves = selector->at.kind != AtKind::kNone;
  } else if (const auto* matrix = std::get_if<parser::MatrixSelector>(&syntax)) {
    node.at_moves = matrix->selector.at.kind != AtKind::kNone;
  }
}

class Marker {
 public:
  explicit Marker(InvariantParts parts) : parts_(parts) {}

  // Children come before their parents.
  void Record(PlanNode& node) {
    Traits traits;
    traits.is_invariant = Visit(node);
    traits.needs_one_step = NeedsOneStep(node);
    traits_[&node] = traits;
  }
  void MarkRoot(PlanNode& node) { node.is_step_invariant = IsEvaluatedOnce(node); }

 private:
  struct Traits {
    bool is_invariant = false;
    // Evaluated at several steps it, or something in it, would give other values.
    bool needs_one_step = false;
  };

  bool Visit(PlanNode& node) {
    const parser::ExprNode& syntax = node.expr->node;
    if (const auto* selector = std::get_if<parser::VectorSelector>(&syntax)) {
      return selector->at.kind != AtKind::kNone;
    }
    if (const auto* matrix = std::get_if<parser::MatrixSelector>(&syntax)) {
      return matrix->selector.at.kind != AtKind::kNone;
    }
    if (const auto* subquery = std::get_if<parser::SubqueryExpr>(&syntax)) {
      MarkChild(node, 0);
      ForEachBelow(node, [](PlanNode& below) { below.at_moves = false; });
      return subquery->at.kind != AtKind::kNone;
    }
    if (IsLiteral(node)) return true;
    if (std::holds_alternative<parser::AggregateExpr>(syntax)) {
      if (HasParameter(node)) ForEachBelow(node, &MarkInParameter, 1);
      return IsInvariant(node, 0);
    }
    bool is_invariant = node.function == nullptr || !IsTimeDependent(node);
    for (size_t i = 0; i < node.children.size(); ++i) is_invariant &= IsInvariant(node, i);
    if (!is_invariant) {
      for (size_t i = 0; i < node.children.size(); ++i) MarkChild(node, i);
    }
    return is_invariant;
  }

  bool NeedsOneStep(const PlanNode& node) {
    // The steps of a subquery are its own.
    if (std::holds_alternative<parser::SubqueryExpr>(node.expr->node)) return false;
    bool needs = OrdersItsSeries(node);
    if (HasParameter(node)) needs |= !IsLiteral(*node.children[1]);
    for (const PlanNodePtr& child : node.children) needs |= traits_[child.get()].needs_one_step;
    return needs;
  }

  bool IsInvariant(const PlanNode& parent, size_t index) {
    return traits_[parent.children[index].get()].is_invariant;
  }

  // A range vector is not evaluated by itself: its function pins the window instead.
  void MarkChild(PlanNode& parent, size_t index) {
    PlanNode& child = *parent.children[index];
    child.is_step_invariant = IsEvaluatedOnce(child) && child.type != ValueType::kRangeVector;
  }

  bool IsEvaluatedOnce(const PlanNode& node) {
    const Traits& traits = traits_[&node];
    return traits.is_invariant && !IsLiteral(node) &&
           (parts_ == InvariantParts::kAll || traits.needs_one_step);
  }

  const InvariantParts parts_;
  std::unordered_map<const PlanNode*, Traits> traits_;
};

}  // namespace

void MarkStepInvariance(const std::vector<PlanNode*>& parents_first, InvariantParts parts) {
  Marker marker(parts);
  for (size_t i = parents_first.size(); i-- > 0;) marker.Record(*parents_first[i]);
  marker.MarkRoot(*parents_first.front());
}

}  // namespace sloburn::engine
