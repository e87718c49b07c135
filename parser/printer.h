// SPDX-License-Identifier: Apache-2.0
// Syntax tree -> canonical text, as Prometheus prints it. Parsing the text gives an equal tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "parser/ast.h"

namespace sloburn::parser {

std::string Print(const Expr& expr);

// Over several lines where a node is longer than 100 characters, as `promtool promql format`.
// ResourceExhausted where that takes more than `max_bytes`: a chain of n operators is indented n deep.
absl::StatusOr<std::string> PrettyPrint(const Expr& expr, size_t max_bytes = 16 << 20);

// 90d, 1h30m, 0s, -5m.
std::string FormatDuration(int64_t ms);

// Prometheus duration text ("1h30m", "0") -> ms. Errors in Prometheus' words:
// `not a valid duration string: "5m1h"`.
absl::StatusOr<int64_t> ParseDuration(std::string_view text);

// `name="value"`, the name quoted when it must be.
std::string PrintMatcher(const LabelMatcher& matcher);

}  // namespace sloburn::parser
