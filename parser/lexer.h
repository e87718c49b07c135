// SPDX-License-Identifier: Apache-2.0
// PromQL text -> tokens. Keeps the books of parentheses, brackets and braces, because inside them
// the same characters mean other things: `{}` knows only names, `[]` only durations.
//
// The list ends with kEnd or with one kError. Never fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parser/token.h"

namespace sloburn::parser {

struct LexResult {
  std::vector<Token> tokens;     // they point into the text
  std::string error;             // of the kError token: Prometheus' message
  bool exceeds_nesting = false;  // the error says so
};

// Stops with an error token where brackets, and the signs before them, nest deeper than
// `max_nesting`.
LexResult Lex(std::string_view text, int max_nesting);

}  // namespace sloburn::parser
