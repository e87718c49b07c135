// SPDX-License-Identifier: Apache-2.0
#include "parser/token.h"

#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn::parser {
namespace {

constexpr int kLongestText = 10;  // runes

std::string Quoted(std::string_view text) {
  if (text.size() <= kLongestText) return GoQuote(text);
  size_t end = 0;
  for (int runes = 0; runes < kLongestText && end < text.size(); ++runes) {
    end += DecodeUtf8(text.substr(end)).size;
  }
  return GoQuote(text.substr(0, end)) + "...";
}

}  // namespace

std::string Describe(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd: return "end of input";
    case TokenKind::kIdentifier: return "identifier " + GoQuote(token.text);
    case TokenKind::kMetricIdentifier: return "metric identifier " + GoQuote(token.text);
    case TokenKind::kNumber: return "number " + Quoted(token.text);
    case TokenKind::kDuration: return "duration " + Quoted(token.text);
    case TokenKind::kString: return "string " + Quoted(token.text);
    case TokenKind::kAt:
    case TokenKind::kEqualRegex:
    case TokenKind::kNotEqualRegex:
    case TokenKind::kOperator: return StrCat("<op:", token.text, ">");
    case TokenKind::kAggregate: return StrCat("<aggr:", token.text, ">");
    case TokenKind::kLeftParen:
    case TokenKind::kRightParen:
    case TokenKind::kLeftBracket:
    case TokenKind::kRightBracket:
    case TokenKind::kLeftBrace:
    case TokenKind::kRightBrace:
    case TokenKind::kComma:
    case TokenKind::kColon:
    case TokenKind::kEqual:
    case TokenKind::kStart:
    case TokenKind::kEndKeyword:
    case TokenKind::kStep:
    case TokenKind::kRange:
    case TokenKind::kMaxOf:
    case TokenKind::kMinOf: return Quoted(token.text);
    default: return StrCat("<", token.text, ">");
  }
}

}  // namespace sloburn::parser
