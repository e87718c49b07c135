// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/pin_selectors.h"

#include <set>
#include <string>

namespace sloburn::cli {
namespace {

bool DependsOnTime(const parser::Call& call) {
  static const std::set<std::string>* const names = new std::set<std::string>{
      "days_in_month", "day_of_month", "day_of_week", "day_of_year", "hour",
      "minute",        "month",        "year",        "time",        "predict_linear",
      "start",         "end",          "range",       "step",        "timestamp"};
  return names->count(call.function) > 0;
}

void Pin(parser::AtModifier& at, int64_t time_ms) {
  if (at.kind == parser::AtKind::kNone) at = {parser::AtKind::kTimestamp, time_ms};
}

}  // namespace

bool PinSelectors(parser::Expr& expr, int64_t time_ms) {
  std::vector<parser::Expr*> pending = {&expr};
  while (!pending.empty()) {
    parser::Expr& node = *pending.back();
    pending.pop_back();
    if (const auto* call = std::get_if<parser::Call>(&node.node)) {
      if (DependsOnTime(*call)) return false;
    }
    if (auto* vector = std::get_if<parser::VectorSelector>(&node.node)) Pin(vector->at, time_ms);
    if (auto* matrix = std::get_if<parser::MatrixSelector>(&node.node)) {
      Pin(matrix->selector.at, time_ms);
    }
    if (auto* subquery = std::get_if<parser::SubqueryExpr>(&node.node)) {
      Pin(subquery->at, time_ms);
      continue;  // what stands inside follows the subquery's own times
    }
    for (parser::ExprPtr* child : parser::Children(node)) pending.push_back(child->get());
  }
  return true;
}

}  // namespace sloburn::cli
