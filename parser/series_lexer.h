// SPDX-License-Identifier: Apache-2.0
// The values of a series description -> tokens. Private to series_description.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parser/source_range.h"

namespace sloburn::parser {

enum class SeriesTokenKind {
  kEnd, kError, kSpace, kPlus, kMinus, kTimes, kBlank, kNumber, kWord,
  kHistogram,  // {{...}} with its braces
};

struct SeriesToken {
  SeriesTokenKind kind = SeriesTokenKind::kEnd;
  std::string_view text;  // of `line`
  SourceRange range;
  std::string message;    // kError
};

// As error messages name it after "unexpected".
std::string Describe(const SeriesToken& token);

// Tokens of `line` from byte `begin` on, ending with kEnd or kError.
std::vector<SeriesToken> LexSeriesValues(std::string_view line, size_t begin);

}  // namespace sloburn::parser
