// SPDX-License-Identifier: Apache-2.0
// A token of PromQL text, and how error messages name it. Tokens point into the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "parser/operators.h"
#include "parser/source_range.h"

namespace sloburn::parser {

enum class TokenKind : uint8_t {
  kEnd,
  kError,  // LexResult::error says why
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
  BinaryOperator op = BinaryOperator::kAdd;
  AggregateOperator aggregate = AggregateOperator::kSum;
  // Identifiers, and the keywords that may stand where a bare metric name or a label name does.
  bool is_metric_name = false, is_label_name = false;
  SourceRange range;
  std::string_view text;  // as written; keywords keep their case
};

// `identifier "up"`, `<by>`, `<op:+>`, `end of input`: as Prometheus names it after "unexpected".
// REQUIRES: not kError.
std::string Describe(const Token& token);

}  // namespace sloburn::parser
