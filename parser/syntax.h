// SPDX-License-Identifier: Apache-2.0
// What the grammar found, as a flat list of steps in the order in which a reader completes them.
// `a + b * 2` becomes
//
//   kBeginExpr kSelector kMetricName kSelectorEnd kOperator kOperatorEnd ... kEndExpr
//
// The list knows brackets and lists but no precedence: tree_builder brings that in, with explicit
// stacks, so that chains of any length need no recursion. Where the syntax breaks off, the steps
// before are kept: an earlier mistake of another kind (a bad duration) is then the one reported.
// Private to this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parser/source_range.h"

namespace sloburn::parser {

enum class StepKind : uint8_t {
  kEmptyQuery,
  // Expressions. Every kBeginExpr has its kEndExpr; operands stand between them.
  kBeginExpr, kEndExpr,
  kSign,
  kNumber, kString,
  kOpenParen, kParen,
  kAggregate, kGrouping, kAggregateEnd,
  kCall, kTrailingComma, kCallEnd,
  // Operators with what stands before their right operand.
  kOperator, kBool, kMatching, kGroup, kFill, kFillSign, kFillValue, kOperatorEnd,
  // A label in the list of the kGrouping, kMatching or kGroup before it.
  kLabel,
  // Selectors.
  kSelector, kMetricName, kMatcherName, kMatchType, kMatchValue, kMatcherEnd, kSelectorEnd,
  // What may follow an operand.
  kOpenBracket, kMatrix, kSubqueryStep, kSubquery,
  kOffset,
  kAtSign, kAtTimestamp, kAtKeyword,
  kExtended,
  // Durations in brackets and offsets, in the manner of expressions.
  kBeginDuration, kEndRange, kEndDuration,
  kDurationSign, kDurationOperator, kDurationLiteral, kDurationWord,
  kOpenDurationCall, kDurationCall, kOpenDurationParen, kDurationParen,
};

struct SyntaxStep {
  StepKind kind;
  int token;  // index of the last token read so far; -1 before the first
};

struct SyntaxError {
  SourceRange range;
  std::string message;
  bool is_lexical = false;  // the lexer's own error
  int token = 0;
};

struct Syntax {
  std::vector<SyntaxStep> steps;
  std::optional<SyntaxError> error;

  // Whether the token after that of `step` cannot be read. Prometheus looks one token further
  // before it judges some things; that token is then the first mistake.
  bool IsBeforeLexicalError(const SyntaxStep& step) const {
    return error && error->is_lexical && error->token == step.token + 1;
  }
};

}  // namespace sloburn::parser
