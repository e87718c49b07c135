// SPDX-License-Identifier: Apache-2.0
// Refuses what this version parses but does not evaluate.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "parser/ast.h"

namespace sloburn::engine {

// REQUIRES: all functions are known. Unimplemented: "LINE:COL: ... is not supported in this
// version".
absl::Status CheckSupported(std::string_view text, const parser::Expr& expr);

}  // namespace sloburn::engine
