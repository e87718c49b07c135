// SPDX-License-Identifier: Apache-2.0
#include "parser/literals.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/float_text.h"
#include "base/utf8.h"

namespace sloburn::parser {
namespace {

// Go's strconv.ParseInt(text, 0, 64), without underscores: the prefix tells the base.
bool ParseInteger(std::string_view rest, double* value) {
  int base = 10;
  if (rest.size() > 2 && rest[0] == '0' && absl::ascii_tolower(rest[1]) == 'x') {
    base = 16;
    rest.remove_prefix(2);
  } else if (rest.size() > 1 && rest[0] == '0') {
    base = 8;
    rest.remove_prefix(1);
  }
  int64_t integer = 0;
  const auto result = std::from_chars(rest.data(), rest.data() + rest.size(), integer, base);
  if (result.ec != std::errc() || result.ptr != rest.data() + rest.size()) return false;
  *value = static_cast<double>(integer);
  return true;
}

int HexValue(char c) {
  return c <= '9' ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
}

uint32_t TakeDigits(std::string_view& text, int count, int base) {
  uint32_t code = 0;
  for (int i = 0; i < count; ++i) code = code * base + HexValue(text[i]);
  text.remove_prefix(count);
  return code;
}

// `text` starts after the backslash.
void AppendEscape(std::string& out, std::string_view& text) {
  const char c = text[0];
  if (c >= '0' && c <= '7') {
    out += static_cast<char>(TakeDigits(text, 3, 8));
    return;
  }
  text.remove_prefix(1);
  switch (c) {
    case 'a': out += '\a'; return;
    case 'b': out += '\b'; return;
    case 'f': out += '\f'; return;
    case 'n': out += '\n'; return;
    case 'r': out += '\r'; return;
    case 't': out += '\t'; return;
    case 'v': out += '\v'; return;
    case 'x': out += static_cast<char>(TakeDigits(text, 2, 16)); return;
    case 'u': AppendUtf8(out, TakeDigits(text, 4, 16)); return;
    case 'U': AppendUtf8(out, TakeDigits(text, 8, 16)); return;
    default: out += c;
  }
}

}  // namespace

absl::StatusOr<double> ParseNumber(std::string_view text) {
  std::string joined;
  std::string_view plain = text;
  if (text.find('_') != std::string_view::npos) {
    std::copy_if(text.begin(), text.end(), std::back_inserter(joined),
                 [](char c) { return c != '_'; });
    plain = joined;
  }
  double value = 0;
  if (HasGoodUnderscores(text) && ParseInteger(plain, &value)) return value;
  bool is_out_of_range = false;
  const auto parsed = ParseGoFloat(text, &is_out_of_range);
  if (parsed && !is_out_of_range) return *parsed;
  return absl::InvalidArgumentError(
      absl::StrCat("error parsing number: strconv.ParseFloat: parsing ", GoQuote(text),
                   parsed ? ": value out of range" : ": invalid syntax"));
}

std::string Unquote(std::string_view text) {
  const char quote = text[0];
  text = text.substr(1, text.size() - 2);
  if (quote == '`' || text.find('\\') == std::string_view::npos) return std::string(text);
  std::string out;
  while (!text.empty()) {
    if (text[0] != '\\') {
      out += text[0];
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(1);
    AppendEscape(out, text);
  }
  return out;
}

std::string NameOf(const Token& token) {
  return token.kind == TokenKind::kString ? Unquote(token.text) : std::string(token.text);
}

}  // namespace sloburn::parser
