// SPDX-License-Identifier: Apache-2.0
// The grammar of PromQL over tokens, in Boost.Spirit X3. Only grammar.cc sees Boost.
//
//   Syntax syntax = ParseTokens(tokens, StartRule::kQuery);
//
// Brackets are the only recursion, and the lexer has bounded these. Pure.
#pragma once

#include <vector>

#include "parser/syntax.h"
#include "parser/token.h"

namespace sloburn::parser {

enum class StartRule {
  kQuery,     // an expression
  kSelector,  // an instant vector selector without modifiers
  kMetric,    // name{label="value"} of test files
};

// REQUIRES: `tokens` ends with kEnd or kError, as the lexer leaves it.
Syntax ParseTokens(const std::vector<Token>& tokens, StartRule start);

}  // namespace sloburn::parser
