// SPDX-License-Identifier: Apache-2.0
#include "engine/read_windows.h"

#include <algorithm>

#include "engine/plan/durations.h"
#include "engine/plan/info_reference.h"
#include "parser/printer.h"

namespace sloburn::engine {
namespace {

// The times a subtree is evaluated at, relative to the query's time T: from T - oldest_ms to
// T - newest_ms; or absolute once a subquery is pinned by @.
struct Reach {
  int64_t oldest_ms = 0, newest_ms = 0;
  bool is_absolute = false;
  int64_t min_ms = 0, max_ms = 0;
};

// Instant queries resolve step() and range() to 0; a duration that cannot be resolved so fails
// when the query runs, and reads nothing.
int64_t Resolve(const parser::Duration& duration) {
  const auto resolved = ResolveDuration(duration, TimeRange::Instant(0), DurationUse::kOffset);
  return resolved.ok() ? *resolved : 0;
}

Reach Shift(Reach reach, const parser::AtModifier& at, int64_t offset_ms, int64_t window_ms) {
  if (at.kind == parser::AtKind::kTimestamp) {
    reach.is_absolute = true;
    reach.min_ms = reach.max_ms = at.timestamp_ms;
  } else if (at.kind != parser::AtKind::kNone) {
    // start() and end() of an instant query are its time.
    reach = Reach();
  }
  reach.oldest_ms += offset_ms + window_ms;
  reach.newest_ms += offset_ms;
  reach.min_ms -= offset_ms + window_ms;
  reach.max_ms -= offset_ms;
  return reach;
}

// anchored and smoothed read samples around their window.
void Widen(Reach& reach, int64_t before_ms, int64_t after_ms) {
  reach.oldest_ms += before_ms;
  reach.newest_ms -= after_ms;
  reach.min_ms -= before_ms;
  reach.max_ms += after_ms;
}

PreparedQuery::Selector Describe(const PlanNode& node, const Reach& reach) {
  PreparedQuery::Selector selector;
  selector.matchers = node.matchers;
  selector.oldest_ms = reach.oldest_ms;
  selector.newest_ms = reach.newest_ms;
  selector.has_at = reach.is_absolute;
  selector.at_min_ms = reach.min_ms;
  selector.at_max_ms = reach.max_ms;
  selector.text = parser::Print(*node.expr);
  return selector;
}

bool IsInfoCall(const PlanNode& node) {
  if (node.function == nullptr) return false;
  const auto* const function = std::get_if<VectorFunction>(&node.function->implementation);
  return function != nullptr && *function == VectorFunction::kInfo;
}

PreparedQuery::Selector DescribeInfo(const PlanNode& node, const Reach& reach,
                                     const QueryOptions& options) {
  const InfoReference reference = FindInfoReference(node);
  int64_t offset_ms = 0;
  for (const parser::Duration* offset : reference.offsets) offset_ms += Resolve(*offset);
  PreparedQuery::Selector selector =
      Describe(node, Shift(reach, reference.at, offset_ms,
                           absl::ToInt64Milliseconds(options.lookback_delta)));
  selector.matchers = InfoMatchers(node);
  return selector;
}

}  // namespace

std::vector<PreparedQuery::Selector> ReadWindows(const PlanNode& plan,
                                                 const QueryOptions& options) {
  std::vector<PreparedQuery::Selector> selectors;
  const int64_t lookback_ms = absl::ToInt64Milliseconds(options.lookback_delta);
  struct Visit {
    const PlanNode* node;
    Reach reach;
  };
  std::vector<Visit> pending = {{&plan, Reach()}};
  while (!pending.empty()) {
    const Visit visit = pending.back();
    pending.pop_back();
    const parser::ExprNode& syntax = visit.node->expr->node;
    Reach inner = visit.reach;
    if (IsInfoCall(*visit.node)) {
      selectors.push_back(DescribeInfo(*visit.node, visit.reach, options));
      pending.push_back({visit.node->children[0].get(), inner});
      continue;
    }
    if (const auto* vector = std::get_if<parser::VectorSelector>(&syntax)) {
      Reach reach = Shift(visit.reach, vector->at, Resolve(vector->offset), lookback_ms);
      if (vector->is_smoothed) Widen(reach, 0, lookback_ms);
      selectors.push_back(Describe(*visit.node, reach));
    } else if (const auto* matrix = std::get_if<parser::MatrixSelector>(&syntax)) {
      const parser::VectorSelector& selector = matrix->selector;
      Reach reach =
          Shift(visit.reach, selector.at, Resolve(selector.offset), Resolve(matrix->range));
      if (selector.is_anchored) Widen(reach, lookback_ms, 0);
      if (selector.is_smoothed) Widen(reach, lookback_ms, lookback_ms);
      selectors.push_back(Describe(*visit.node, reach));
    } else if (const auto* subquery = std::get_if<parser::SubqueryExpr>(&syntax)) {
      inner = Shift(visit.reach, subquery->at, Resolve(subquery->offset),
                    Resolve(subquery->range));
    }
    for (size_t i = visit.node->children.size(); i-- > 0;) {
      pending.push_back({visit.node->children[i].get(), inner});
    }
  }
  return selectors;
}

}  // namespace sloburn::engine
