// SPDX-License-Identifier: Apache-2.0
// Tokens -> syntax tree, by recursive descent over one token of lookahead.
//
// Operators are climbed with explicit stacks, so that only brackets make the parser recurse, and
// these the lexer has counted. The grammar stops at the first syntax error; of errors that leave
// the syntax intact (a misplaced offset, a bad grouping label) the first one found is kept.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "parser/parser.h"
#include "parser/token.h"

namespace sloburn::parser {

absl::StatusOr<ExprPtr> ParseTokens(std::string_view text, std::vector<Token> tokens,
                                    const ParseOptions& options);

absl::StatusOr<ExprPtr> ParseSelectorTokens(std::string_view text, std::vector<Token> tokens,
                                            const ParseOptions& options);

}  // namespace sloburn::parser
