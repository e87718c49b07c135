// SPDX-License-Identifier: Apache-2.0
#include "parser/token_stream.h"

#include "absl/strings/str_cat.h"

namespace sloburn::parser {

void TokenStream::Unexpected(std::string_view context, std::string_view expected) {
  const Token& token = Peek();
  if (token.kind == TokenKind::kError) throw SyntaxFailure{token.range, token.text};
  if (context.empty() && aggregation_depth_ > 0) context = "aggregation";
  std::string message = "unexpected " + Describe(token);
  if (!context.empty()) absl::StrAppend(&message, " in ", std::string(context));
  if (!expected.empty()) absl::StrAppend(&message, ", expected ", std::string(expected));
  throw SyntaxFailure{token.range, message};
}

void TokenStream::Report(SourceRange range, std::string message) {
  if (!first_error_) first_error_ = ParseErrorAt(text_, range, message);
}

}  // namespace sloburn::parser
