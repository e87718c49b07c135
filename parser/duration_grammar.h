// SPDX-License-Identifier: Apache-2.0
// Durations in [..], step and offset positions: literals and arithmetic on them. Private.
#pragma once

#include "parser/ast.h"
#include "parser/token_stream.h"

namespace sloburn::parser {

// Between '[' and ']' or ':'. Must be greater than 0.
Duration ParseRangeDuration(TokenStream& stream, std::string_view context,
                            std::string_view expected);

// After `offset`: a literal with a sign, step(), range(), min_of(), max_of(), or parentheses.
Duration ParseOffsetDuration(TokenStream& stream);

// The value of a number or duration token in seconds; reports what is wrong with it.
double LiteralSeconds(TokenStream& stream, const Token& token);

}  // namespace sloburn::parser
