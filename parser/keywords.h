// SPDX-License-Identifier: Apache-2.0
// The words of PromQL: one table that says what token a word is and where it may be a plain name.
#pragma once

#include <string_view>

#include "parser/token.h"

namespace sloburn::parser {

struct KeywordRow {
  std::string_view word;  // lower case; keywords match in any case
  TokenKind kind;
  bool is_metric_name;    // usable as a bare metric name
  bool is_label_name;     // usable in by(), on(), group_left(), ...
  BinaryOperator op = BinaryOperator::kAdd;                // kOperator
  AggregateOperator aggregate = AggregateOperator::kSum;   // kAggregate
};

// nullptr when `word` (any case) is no keyword.
const KeywordRow* FindKeyword(std::string_view word);

}  // namespace sloburn::parser
