// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/histogram_statistics.h"

#include <unordered_set>

namespace sloburn::engine {
namespace {

enum class Effect { kNone, kStatistics, kBuckets };

// What a node says about the histograms below it.
Effect EffectOf(const PlanNode& node) {
  const parser::ExprNode& syntax = node.expr->node;
  if (std::holds_alternative<parser::SubqueryExpr>(syntax)) return Effect::kBuckets;
  if (const auto* binary = std::get_if<parser::BinaryExpr>(&syntax)) {
    const auto op_class = parser::Describe(binary->op).op_class;
    return op_class == parser::OperatorClass::kTrim ? Effect::kBuckets : Effect::kNone;
  }
  if (node.function == nullptr) return Effect::kNone;
  const std::string_view name = node.function->name;
  if (name == "histogram_count" || name == "histogram_sum" || name == "histogram_avg") {
    return Effect::kStatistics;
  }
  if (name == "histogram_quantile" || name == "histogram_quantiles" ||
      name == "histogram_fraction") {
    return Effect::kBuckets;
  }
  return Effect::kNone;
}

}  // namespace

void MarkHistogramStatistics(const std::vector<PlanNode*>& parents_first) {
  std::unordered_set<const PlanNode*> below_statistics;
  for (PlanNode* node : parents_first) {
    const bool inherits = below_statistics.count(node) > 0;
    node->reads_statistics = inherits && node->children.empty();
    const Effect effect = EffectOf(*node);
    const bool passes_on = effect == Effect::kStatistics || (effect == Effect::kNone && inherits);
    if (!passes_on) continue;
    for (const PlanNodePtr& child : node->children) below_statistics.insert(child.get());
  }
}

}  // namespace sloburn::engine
