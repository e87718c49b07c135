// SPDX-License-Identifier: Apache-2.0
// Instant vector selectors and what may follow them: [..], offset, @, anchored, smoothed. Private.
#pragma once

#include "parser/token_stream.h"

namespace sloburn::parser {

// `name`, `name{...}`, `{...}`.
ExprPtr ParseVectorSelector(TokenStream& stream);

bool StartsPostfix(const Token& token);
// Applies one modifier or bracket to `expr`. REQUIRES: StartsPostfix(stream.Peek()).
ExprPtr ParsePostfix(TokenStream& stream, ExprPtr expr);

}  // namespace sloburn::parser
