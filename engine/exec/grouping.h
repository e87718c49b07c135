// SPDX-License-Identifier: Apache-2.0
// by(..) and without(..): which output series each input series adds to.
#pragma once

#include <vector>

#include "engine/exec/operator.h"
#include "parser/ast.h"

namespace sloburn::engine {

struct Grouping {
  std::vector<OutputSeries> groups;  // in order of first appearance
  std::vector<size_t> of_series;     // series position -> group
};

// Groups in the order of their first series that has a sample at all: as Prometheus yields them, for
// which a series without samples does not exist.
class AppearanceOrder {
 public:
  explicit AppearanceOrder(size_t groups = 0) : is_seen_(groups, 0) {}

  void See(size_t group, const Column& column) {
    if (is_seen_[group] || !HasAnySample(column)) return;
    is_seen_[group] = 1;
    groups_.push_back(group);
  }
  const std::vector<size_t>& groups() const { return groups_; }

 private:
  static bool HasAnySample(const Column& column) {
    for (size_t step = 0; step < column.steps(); ++step) {
      if (column.has_sample(step)) return true;
    }
    return false;
  }

  std::vector<uint8_t> is_seen_;
  std::vector<size_t> groups_;
};

Grouping GroupSeries(const std::vector<OutputSeries>& series, const parser::AggregateExpr& expr);

}  // namespace sloburn::engine
