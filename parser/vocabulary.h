// SPDX-License-Identifier: Apache-2.0
// What a parser must ask those who know functions and regular expressions, because Prometheus
// reports a mistake in one of these while it reads: before whatever is wrong further on.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "parser/ast.h"

namespace sloburn::parser {

class Vocabulary {
 public:
  virtual ~Vocabulary() = default;

  // OK, or what is wrong, in Prometheus' words without a place.
  virtual absl::Status CheckFunction(std::string_view name) = 0;
  virtual absl::Status CheckMatcher(const LabelMatcher& matcher) = 0;
};

}  // namespace sloburn::parser
