// SPDX-License-Identifier: Apache-2.0
// PromQL text -> syntax tree: the only entry point of this folder.
//
//   ASSIGN_OR_RETURN(ExprPtr expr, parser::Parse("sum(rate(x[5m]))", {}));
//
// Errors are InvalidArgument with Prometheus' text and a SourceRange payload (source_range.h);
// text over `max_bytes` and nesting over `max_nesting` are ResourceExhausted.
// Threads: all functions are pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "parser/ast.h"
#include "parser/vocabulary.h"

namespace sloburn::parser {

struct ParseOptions {
  size_t max_bytes = 1 << 20;
  int max_nesting = 500;
  // Prometheus' feature flags, with its defaults.
  bool enable_experimental_functions = false;    // promql-experimental-functions
  bool enable_extended_range_selectors = false;  // promql-extended-range-selectors
  bool enable_binop_fill_modifiers = false;      // promql-binop-fill-modifiers
};

// With a `vocabulary`, the mistakes it finds count among those of syntax: the first one met is the
// error. Without, any function name and any regular expression is taken.
absl::StatusOr<ExprPtr> Parse(std::string_view text, const ParseOptions& options,
                              Vocabulary* vocabulary = nullptr);

// A metric selector as in match[]: `up{job="x"}`. The result is a VectorSelector without offset
// and @.
absl::StatusOr<ExprPtr> ParseMetricSelector(std::string_view text, const ParseOptions& options,
                                            Vocabulary* vocabulary = nullptr);

// A metric as written in test files: `name{label="value"}` -> sorted (name, value) pairs with
// __name__ included. Only equality is allowed.
struct LabelPair {
  std::string name, value;
};
absl::StatusOr<std::vector<LabelPair>> ParseMetric(std::string_view text);

// Legality of names. UTF-8 names: anything valid and non-empty; legacy: [a-zA-Z_][a-zA-Z0-9_]*,
// for metric names also ':'.
bool IsLegacyLabelName(std::string_view name);
bool IsLegacyMetricName(std::string_view name);

}  // namespace sloburn::parser
