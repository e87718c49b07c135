// SPDX-License-Identifier: Apache-2.0
// Puts `@ T` on every selector and subquery that has none: the query then means the same at any
// evaluation time.
#pragma once

#include "parser/ast.h"

namespace sloburn::cli {

// False when the expression calls a function whose value depends on the evaluation time, and
// pinning would change it.
bool PinSelectors(parser::Expr& expr, int64_t time_ms);

}  // namespace sloburn::cli
