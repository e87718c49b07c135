// SPDX-License-Identifier: Apache-2.0
// Function names and regular expressions, checked for the parser while it reads.
#pragma once

#include "engine/model/matcher.h"
#include "parser/vocabulary.h"

namespace sloburn::engine {

class EngineVocabulary : public parser::Vocabulary {
 public:
  // `regexes` must outlive the object.
  EngineVocabulary(bool enable_experimental_functions, RegexCache& regexes)
      : enable_experimental_functions_(enable_experimental_functions), regexes_(regexes) {}

  absl::Status CheckFunction(std::string_view name) override;
  absl::Status CheckMatcher(const parser::LabelMatcher& matcher) override;

 private:
  const bool enable_experimental_functions_;
  RegexCache& regexes_;
};

}  // namespace sloburn::engine
