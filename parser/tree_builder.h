// SPDX-License-Identifier: Apache-2.0
// The grammar's steps -> the syntax tree: precedence, literals, and the rules about what may stand
// where (aggregation arity, offset, @, ranges, label names).
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "parser/ast.h"
#include "parser/parser.h"
#include "parser/syntax.h"
#include "parser/token.h"

namespace sloburn::parser {

// Of several mistakes the one Prometheus meets first is returned. `syntax` comes from `tokens`;
// `vocabulary` may be null.
absl::StatusOr<ExprPtr> BuildTree(std::string_view text, const std::vector<Token>& tokens,
                                  const Syntax& syntax, const ParseOptions& options,
                                  Vocabulary* vocabulary);

}  // namespace sloburn::parser
