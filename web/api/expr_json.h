// SPDX-License-Identifier: Apache-2.0
// Syntax tree -> the JSON of /api/v1/parse_query, as tree views expect it. Durations are in ms.
#pragma once

#include <string>

#include "parser/ast.h"

namespace sloburn::web {

// Works without recursion, so chains of any length are safe. Functions are looked up in the
// engine's catalogue; an unknown one is written with an empty signature.
void AppendExprJson(std::string& out, const parser::Expr& expr);

}  // namespace sloburn::web
