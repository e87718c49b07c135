// SPDX-License-Identifier: Apache-2.0
// Literal texts -> values. Durations are in printer.h, beside their formatting.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "parser/token.h"

namespace sloburn::parser {

// A number token: decimal, hex and octal integers with '_', floats, inf and nan in any case.
// Errors: `error parsing number: ...` in Go's words.
absl::StatusOr<double> ParseNumber(std::string_view text);

// A string token with its quotes. REQUIRES: it passed the lexer, so escapes are well-formed.
std::string Unquote(std::string_view text);

// A label or metric name, written plainly or as a string.
std::string NameOf(const Token& token);

}  // namespace sloburn::parser
