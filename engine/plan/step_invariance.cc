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

class Marker {
 public:
  // Children are already in `invariant_`.
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
      return subquery->at.kind != AtKind::kNone;
    }
    if (IsLiteral(node)) return true;
    if (std::holds_alternative<parser::AggregateExpr>(syntax)) {
      return invariant_[node.children[0].get()];
    }
    bool is_invariant = node.function == nullptr || !IsTimeDependent(node);
    for (const PlanNodePtr& child : node.children) is_invariant &= invariant_[child.get()];
    if (!is_invariant) {
      for (size_t i = 0; i < node.children.size(); ++i) MarkChild(node, i);
    }
    return is_invariant;
  }

  void Record(PlanNode& node) { invariant_[&node] = Visit(node); }
  void MarkRoot(PlanNode& node) { node.is_step_invariant = invariant_[&node] && !IsLiteral(node); }

 private:
  // A range vector is not evaluated by itself: its function pins the window instead.
  void MarkChild(PlanNode& parent, size_t index) {
    PlanNode& child = *parent.children[index];
    child.is_step_invariant =
        invariant_[&child] && !IsLiteral(child) && child.type != ValueType::kRangeVector;
  }

  std::unordered_map<const PlanNode*, bool> invariant_;
};

}  // namespace

void MarkStepInvariance(const std::vector<PlanNode*>& parents_first) {
  Marker marker;
  for (size_t i = parents_first.size(); i-- > 0;) marker.Record(*parents_first[i]);
  marker.MarkRoot(*parents_first.front());
}

}  // namespace sloburn::engine
