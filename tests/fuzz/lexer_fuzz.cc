// SPDX-License-Identifier: Apache-2.0
// Tokens tile the text in order, and the last one ends it.
#include <cstdint>

#include "base/check.h"
#include "parser/lexer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sloburn::parser::Token;
  using sloburn::parser::TokenKind;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lexed = sloburn::parser::Lex(text, 100);
  CHECK(!lexed.tokens.empty());
  int last_end = 0;
  for (const Token& token : lexed.tokens) {
    const bool is_last = &token == &lexed.tokens.back();
    const bool is_final = token.kind == TokenKind::kEnd || token.kind == TokenKind::kError;
    CHECK(is_last == is_final);
    CHECK(token.range.begin >= last_end);
    CHECK(token.range.end >= token.range.begin);
    CHECK(static_cast<size_t>(token.range.end) <= size);
    last_end = token.range.end;
    if (token.kind == TokenKind::kError) {
      CHECK(!lexed.error.empty());
    } else {
      CHECK(text.substr(token.range.begin, token.range.end - token.range.begin) == token.text);
      CHECK(!Describe(token).empty());
    }
  }
  CHECK(!lexed.exceeds_nesting || lexed.tokens.back().kind == TokenKind::kError);
  return 0;
}
