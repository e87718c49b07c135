// SPDX-License-Identifier: Apache-2.0
// Query text -> a syntax tree that has been checked: also for what the grammar cannot know, which
// are function names and arity, types, matchers, regular expressions.
//
//   ASSIGN_OR_RETURN(AnalyzedExpr query, Analyze(text, options, regexes));
//
// Errors are Prometheus', in its order: syntax, function names and regular expressions as they are
// read; where all of these are good, types, left to right.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "engine/functions/function.h"
#include "engine/model/matcher.h"
#include "parser/ast.h"
#include "parser/parser.h"

namespace sloburn::engine {

struct AnalyzedExpr {
  parser::ExprPtr expr;
  ValueType type;  // of the whole expression
};

// `regexes` keeps the regular expressions that were compiled on the way.
absl::StatusOr<AnalyzedExpr> Analyze(std::string_view text, const parser::ParseOptions& options,
                                     RegexCache& regexes);

}  // namespace sloburn::engine
