// SPDX-License-Identifier: Apache-2.0
#include "engine/plan/info_reference.h"

#include "base/check.h"
#include "engine/model/labels.h"

namespace sloburn::engine {
namespace {

constexpr char kDefaultInfoMetric[] = "target_info";
constexpr char kAnyInfoMetric[] = ".+_info";

// The path from `root` to the first selector in written order, empty where there is none.
std::vector<const PlanNode*> PathToSelector(const PlanNode& root) {
  struct Visit {
    const PlanNode* node;
    size_t depth;
  };
  std::vector<const PlanNode*> path;
  std::vector<Visit> pending = {{&root, 0}};
  while (!pending.empty()) {
    const Visit visit = pending.back();
    pending.pop_back();
    path.resize(visit.depth);
    path.push_back(visit.node);
    const parser::ExprNode& syntax = visit.node->expr->node;
    if (std::holds_alternative<parser::VectorSelector>(syntax) ||
        std::holds_alternative<parser::MatrixSelector>(syntax)) {
      return path;
    }
    for (size_t i = visit.node->children.size(); i-- > 0;) {
      pending.push_back({visit.node->children[i].get(), visit.depth + 1});
    }
  }
  return {};
}

}  // namespace

Matchers InfoMatchers(const PlanNode& call) {
  Matchers matchers;
  if (call.children.size() > 1) matchers = call.children[1]->matchers;
  bool has_name = false, has_positive_name = false;
  for (const Matcher& matcher : matchers) {
    if (matcher.name() != kMetricName) continue;
    has_name = true;
    has_positive_name |= matcher.type() == parser::MatchType::kEqual ||
                         matcher.type() == parser::MatchType::kRegex;
  }
  if (has_positive_name) return matchers;
  if (!has_name) {
    matchers.push_back(
        Matcher::Plain(parser::MatchType::kEqual, kMetricName, kDefaultInfoMetric));
    return matchers;
  }
  auto any = Matcher::Create(parser::MatchType::kRegex, kMetricName, kAnyInfoMetric);
  CHECK(any.ok());
  matchers.push_back(*std::move(any));
  return matchers;
}

InfoReference FindInfoReference(const PlanNode& call) {
  InfoReference reference;
  const std::vector<const PlanNode*> path = PathToSelector(*call.children[0]);
  for (size_t i = path.size(); i-- > 0 && reference.at.kind == parser::AtKind::kNone;) {
    const parser::ExprNode& syntax = path[i]->expr->node;
    const parser::VectorSelector* selector = std::get_if<parser::VectorSelector>(&syntax);
    if (const auto* matrix = std::get_if<parser::MatrixSelector>(&syntax)) {
      selector = &matrix->selector;
    }
    if (selector != nullptr) {
      reference.at = selector->at;
      reference.offsets.push_back(&selector->offset);
    } else if (const auto* subquery = std::get_if<parser::SubqueryExpr>(&syntax)) {
      reference.at = subquery->at;
      reference.offsets.push_back(&subquery->offset);
    }
  }
  return reference;
}

}  // namespace sloburn::engine
