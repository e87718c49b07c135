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

Grouping GroupSeries(const std::vector<OutputSeries>& series, const parser::AggregateExpr& expr);

}  // namespace sloburn::engine
