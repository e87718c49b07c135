// SPDX-License-Identifier: Apache-2.0
#include "parser/parser.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "parser/grammar.h"
#include "parser/lexer.h"
#include "parser/tree_builder.h"

namespace sloburn::parser {
namespace {

bool IsName(std::string_view name, bool allows_colon) {
  if (name.empty()) return false;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool is_letter = c == '_' || absl::ascii_isalpha(c) || (allows_colon && c == ':');
    if (!is_letter && (i == 0 || !absl::ascii_isdigit(c))) return false;
  }
  return true;
}

absl::StatusOr<LexResult> Tokenize(std::string_view text, const ParseOptions& options) {
  if (text.size() > options.max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("the expression has ", text.size(),
                                                     " bytes; the limit is ", options.max_bytes));
  }
  LexResult lexed = Lex(text, options.max_nesting);
  if (lexed.exceeds_nesting) {
    const auto place = LocateOffset(text, lexed.tokens.back().range.begin);
    return absl::ResourceExhaustedError(
        absl::StrCat(place->line, ":", place->column, ": parse error: ", lexed.error));
  }
  return lexed;
}

absl::StatusOr<ExprPtr> ParseAs(StartRule start, std::string_view text,
                                const ParseOptions& options, Vocabulary* vocabulary) {
  ASSIGN_OR_RETURN(const LexResult lexed, Tokenize(text, options));
  return BuildTree(text, lexed.tokens, ParseTokens(lexed, start), options, vocabulary);
}

}  // namespace

absl::StatusOr<ExprPtr> Parse(std::string_view text, const ParseOptions& options,
                              Vocabulary* vocabulary) {
  return ParseAs(StartRule::kQuery, text, options, vocabulary);
}

absl::StatusOr<ExprPtr> ParseMetricSelector(std::string_view text, const ParseOptions& options,
                                            Vocabulary* vocabulary) {
  return ParseAs(StartRule::kSelector, text, options, vocabulary);
}

absl::StatusOr<std::vector<LabelPair>> ParseMetric(std::string_view text) {
  ASSIGN_OR_RETURN(const ExprPtr expr, ParseAs(StartRule::kMetric, text, {}, nullptr));
  const auto& selector = std::get<VectorSelector>(expr->node);
  std::vector<LabelPair> pairs;
  // A name before the braces counts more than one inside.
  if (!selector.name.empty()) pairs.push_back({"__name__", selector.name});
  for (const LabelMatcher& matcher : selector.matchers) {
    if (!selector.name.empty() && matcher.name == "__name__") continue;
    pairs.push_back({matcher.name, matcher.value});
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const LabelPair& a, const LabelPair& b) { return a.name < b.name; });
  return pairs;
}

bool IsLegacyLabelName(std::string_view name) { return IsName(name, false); }
bool IsLegacyMetricName(std::string_view name) { return IsName(name, true); }

}  // namespace sloburn::parser
