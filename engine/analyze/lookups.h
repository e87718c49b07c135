// SPDX-License-Identifier: Apache-2.0
// What Prometheus' parser looks up while it still reads: function names and regular expressions.
// Mistakes in these come before any type is looked at, in the order in which they end in the text.
#pragma once

#include <string_view>
#include <unordered_set>

#include "absl/status/statusor.h"
#include "engine/analyze/analyze.h"
#include "parser/ast.h"

namespace sloburn::engine {

struct Lookups {
  // Selectors without a name of which every matcher accepts the empty value.
  std::unordered_set<const parser::VectorSelector*> without_non_empty_matcher;
};

absl::StatusOr<Lookups> LookUp(std::string_view text, const parser::Expr& root,
                               const AnalyzeOptions& options);

// The selector in `expr`, also of a range selector; otherwise nullptr.
const parser::VectorSelector* SelectorOf(const parser::Expr& expr);

}  // namespace sloburn::engine
