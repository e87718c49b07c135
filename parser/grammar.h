// SPDX-License-Identifier: Apache-2.0
// The grammar of PromQL over tokens, in Boost.Spirit X3. Only grammar.cc sees Boost.
//
//   Syntax syntax = ParseTokens(Lex(text, 500), StartRule::kQuery);
//
// Brackets are the only recursion, and the lexer has bounded these. Pure.
#pragma once

#include "parser/lexer.h"
#include "parser/syntax.h"

namespace sloburn::parser {

enum class StartRule {
  kQuery,     // an expression
  kSelector,  // an instant vector selector without modifiers
  kMetric,    // name{label="value"} of test files
};

Syntax ParseTokens(const LexResult& lexed, StartRule start);

}  // namespace sloburn::parser
