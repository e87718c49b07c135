// SPDX-License-Identifier: Apache-2.0
// Checks what the grammar cannot: function names and arity, types, matchers, regular expressions.
// Errors are Prometheus', in its order: unknown functions first, as its parser meets these; then
// types, left to right.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "engine/functions/function.h"
#include "parser/ast.h"

namespace sloburn::engine {

struct AnalyzeOptions {
  bool enable_experimental_functions = false;
};

// `text` is what `expr` was parsed from; for positions. Returns the type of the whole expression.
absl::StatusOr<ValueType> Analyze(std::string_view text, const parser::Expr& expr,
                                  const AnalyzeOptions& options);

}  // namespace sloburn::engine
