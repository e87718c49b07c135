// SPDX-License-Identifier: Apache-2.0
#include "engine/analyze/vocabulary.h"

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "engine/functions/function.h"

namespace sloburn::engine {

absl::Status EngineVocabulary::CheckFunction(std::string_view name) {
  const FunctionRow* const row = FindFunction(name);
  if (row == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("unknown function with name ", GoQuote(name)));
  }
  if (row->is_experimental && !enable_experimental_functions_) {
    return absl::InvalidArgumentError(
        absl::StrCat("function ", GoQuote(name), " is not enabled"));
  }
  return absl::OkStatus();
}

absl::Status EngineVocabulary::CheckMatcher(const parser::LabelMatcher& matcher) {
  if (matcher.type == parser::MatchType::kEqual || matcher.type == parser::MatchType::kNotEqual) {
    return absl::OkStatus();
  }
  return Matcher::Create(matcher.type, matcher.name, matcher.value, &regexes_).status();
}

}  // namespace sloburn::engine
