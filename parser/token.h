// SPDX-License-Identifier: Apache-2.0
// A token of PromQL text, and how error messages name it.
#pragma once

#include <string>
#include <string_view>

#include "parser/operators.h"
#include "parser/source_range.h"

namespace sloburn::parser {

enum class TokenKind {
  kEnd,
  kError,  // `text` is the lexer's message
  kIdentifier,
  kMetricIdentifier,  // contains ':'
  kNumber,
  kDuration,
  kString,
  kLeftParen, kRightParen, kLeftBracket, kRightBracket, kLeftBrace, kRightBrace,
  kComma, kColon,
  kEqual,      // =
  kEqualRegex, kNotEqualRegex,
  kOperator,   // Token::op says which; != inside braces is one too
  kAt,
  kAggregate,  // Token::aggregate says which
  kBool, kBy, kGroupLeft, kGroupRight, kIgnoring, kOffset, kOn, kWithout,
  kStart, kEndKeyword, kStep, kRange, kAnchored, kSmoothed, kMaxOf, kMinOf,
  kFill, kFillLeft, kFillRight,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  // as written; keywords keep their case
  SourceRange range;
  BinaryOperator op = BinaryOperator::kAdd;
  AggregateOperator aggregate = AggregateOperator::kSum;
};

// `identifier "up"`, `<by>`, `<op:+>`, `end of input`: as Prometheus names it after "unexpected".
std::string Describe(const Token& token);

}  // namespace sloburn::parser
