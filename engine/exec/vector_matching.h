// SPDX-License-Identifier: Apache-2.0
// Match groups: which series of the two sides of a binary operator belong together.
#pragma once

#include <string>
#include <vector>

#include "engine/exec/operator.h"
#include "parser/ast.h"

namespace sloburn::engine {

struct MatchGroup {
  std::vector<size_t> left, right;  // positions in the two sides, ascending
};

struct MatchGroups {
  std::vector<MatchGroup> groups;
  std::vector<size_t> of_left, of_right;  // series position -> group
};

MatchGroups GroupByMatch(const std::vector<OutputSeries>& left,
                         const std::vector<OutputSeries>& right,
                         const parser::VectorMatching& matching);

// The labels on which series are matched: those of on(..), or all but the name and those of
// ignoring(..).
Labels MatchLabels(const Labels& labels, const parser::VectorMatching& matching);

}  // namespace sloburn::engine
