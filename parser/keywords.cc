// SPDX-License-Identifier: Apache-2.0
#include "parser/keywords.h"

#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"

namespace sloburn::parser {
namespace {

using Kind = TokenKind;
using Op = BinaryOperator;
using Agg = AggregateOperator;

constexpr KeywordRow Aggregate(std::string_view word, Agg aggregate) {
  return {word, Kind::kAggregate, true, true, Op::kAdd, aggregate};
}

// Sorted by word.
constexpr std::array kKeywords = {
    KeywordRow{"anchored", Kind::kAnchored, true, true},
    KeywordRow{"and", Kind::kOperator, true, true, Op::kAnd},
    KeywordRow{"atan2", Kind::kOperator, false, true, Op::kAtan2},
    Aggregate("avg", Agg::kAvg),
    KeywordRow{"bool", Kind::kBool, false, true},
    Aggregate("bottomk", Agg::kBottomk),
    KeywordRow{"by", Kind::kBy, true, true},
    Aggregate("count", Agg::kCount),
    Aggregate("count_values", Agg::kCountValues),
    KeywordRow{"end", Kind::kEndKeyword, true, true},
    KeywordRow{"fill", Kind::kFill, true, true},
    KeywordRow{"fill_left", Kind::kFillLeft, true, true},
    KeywordRow{"fill_right", Kind::kFillRight, true, true},
    Aggregate("group", Agg::kGroup),
    KeywordRow{"group_left", Kind::kGroupLeft, false, true},
    KeywordRow{"group_right", Kind::kGroupRight, false, true},
    KeywordRow{"ignoring", Kind::kIgnoring, false, true},
    KeywordRow{"inf", Kind::kNumber, false, false},
    Aggregate("limit_ratio", Agg::kLimitRatio),
    Aggregate("limitk", Agg::kLimitk),
    Aggregate("max", Agg::kMax),
    KeywordRow{"max_of", Kind::kMaxOf, true, true},
    Aggregate("min", Agg::kMin),
    KeywordRow{"min_of", Kind::kMinOf, true, true},
    KeywordRow{"nan", Kind::kNumber, false, false},
    KeywordRow{"offset", Kind::kOffset, true, true},
    KeywordRow{"on", Kind::kOn, false, true},
    KeywordRow{"or", Kind::kOperator, true, true, Op::kOr},
    Aggregate("quantile", Agg::kQuantile),
    KeywordRow{"range", Kind::kRange, true, true},
    KeywordRow{"smoothed", Kind::kSmoothed, true, true},
    KeywordRow{"start", Kind::kStart, true, true},
    Aggregate("stddev", Agg::kStddev),
    Aggregate("stdvar", Agg::kStdvar),
    KeywordRow{"step", Kind::kStep, true, true},
    Aggregate("sum", Agg::kSum),
    Aggregate("topk", Agg::kTopk),
    KeywordRow{"unless", Kind::kOperator, true, true, Op::kUnless},
    KeywordRow{"without", Kind::kWithout, true, false},
};

constexpr size_t kLongestKeyword = 12;

// kFirst[c - 'a'] is the first keyword that begins with `c` or a later letter.
constexpr std::array<uint8_t, 27> kFirst = [] {
  std::array<uint8_t, 27> first{};
  for (size_t letter = 0; letter < first.size(); ++letter) {
    while (first[letter] < kKeywords.size() &&
           kKeywords[first[letter]].word[0] < static_cast<char>('a' + letter)) {
      ++first[letter];
    }
  }
  return first;
}();

bool EqualsLower(std::string_view word, std::string_view lower) {
  for (size_t i = 0; i < word.size(); ++i) {
    if (absl::ascii_tolower(word[i]) != lower[i]) return false;
  }
  return true;
}

}  // namespace

const KeywordRow* FindKeyword(std::string_view word) {
  if (word.empty() || word.size() > kLongestKeyword) return nullptr;
  const int letter = absl::ascii_tolower(word[0]) - 'a';
  if (letter < 0 || letter > 25) return nullptr;
  for (size_t i = kFirst[letter]; i < kFirst[letter + 1]; ++i) {
    const KeywordRow& row = kKeywords[i];
    if (row.word.size() == word.size() && EqualsLower(word, row.word)) return &row;
  }
  return nullptr;
}

}  // namespace sloburn::parser
