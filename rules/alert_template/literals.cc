// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/literals.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

#include "absl/strings/ascii.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn::rules {
namespace {

absl::Status InvalidSyntax() { return absl::InvalidArgumentError("invalid syntax"); }

// One character of a literal in `quote`s, taken off `rest`.
struct Char {
  uint32_t code = 0;
  bool is_byte = false;  // \x and \ooo write bytes, not code points
};

absl::StatusOr<Char> TakeDigits(std::string_view& rest, size_t count, int base, bool is_byte) {
  if (rest.size() < count) return InvalidSyntax();
  uint32_t code = 0;
  const char* const end = rest.data() + count;
  if (rest[0] == '-' || std::from_chars(rest.data(), end, code, base).ptr != end) {
    return InvalidSyntax();
  }
  rest.remove_prefix(count);
  const bool is_scalar = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  if (is_byte ? code > 0xff : !is_scalar) return InvalidSyntax();
  return Char{code, is_byte};
}

absl::StatusOr<Char> TakeEscape(std::string_view& rest, char quote) {
  if (rest.empty()) return InvalidSyntax();
  const char c = rest[0];
  if (c >= '0' && c <= '7') return TakeDigits(rest, 3, 8, true);
  rest.remove_prefix(1);
  switch (c) {
    case 'a':
      return Char{'\a'};
    case 'b':
      return Char{'\b'};
    case 'f':
      return Char{'\f'};
    case 'n':
      return Char{'\n'};
    case 'r':
      return Char{'\r'};
    case 't':
      return Char{'\t'};
    case 'v':
      return Char{'\v'};
    case '\\':
      return Char{'\\'};
    case 'x':
      return TakeDigits(rest, 2, 16, true);
    case 'u':
      return TakeDigits(rest, 4, 16, false);
    case 'U':
      return TakeDigits(rest, 8, 16, false);
    default:
      break;
  }
  if (c != quote) return InvalidSyntax();
  return Char{static_cast<unsigned char>(c)};
}

// REQUIRES: `rest` is not empty.
absl::StatusOr<Char> TakeChar(std::string_view& rest, char quote) {
  if (rest[0] == quote) return InvalidSyntax();
  if (rest[0] == '\\') {
    rest.remove_prefix(1);
    return TakeEscape(rest, quote);
  }
  const Utf8Rune rune = DecodeUtf8(rest);
  rest.remove_prefix(rune.size);
  return Char{rune.code};
}

// Go's ParseInt and ParseUint with base 0: a prefix tells the base, underscores may stand between
// digits.
std::optional<uint64_t> ReadUnsigned(std::string_view text) {
  std::string digits;
  if (text.find('_') != std::string_view::npos) {
    // A prefix counts as a digit.
    std::string hex(text);
    if (text.size() > 1 && text[0] == '0' && absl::ascii_isalpha(text[1])) hex[1] = 'x';
    if (!HasGoodUnderscores(hex)) return std::nullopt;
    std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
                 [](char c) { return c != '_'; });
  } else {
    digits = std::string(text);
  }
  std::string_view rest = digits;
  int base = 10;
  if (rest.size() > 1 && rest[0] == '0') {
    const char mark = absl::ascii_tolower(static_cast<unsigned char>(rest[1]));
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    rest.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  uint64_t value = 0;
  const auto result = std::from_chars(rest.data(), rest.data() + rest.size(), value, base);
  if (rest.empty() || result.ec != std::errc() || result.ptr != rest.data() + rest.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<int64_t> ReadSigned(std::string_view text) {
  const bool is_negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const std::optional<uint64_t> size = ReadUnsigned(text);
  constexpr uint64_t kLimit = uint64_t{1} << 63;
  if (!size || *size > kLimit || (*size == kLimit && !is_negative)) return std::nullopt;
  return static_cast<int64_t>(is_negative ? 0 - *size : *size);
}

// The integers a float is equal to.
void AddIntegers(double value, NumberNode& node) {
  constexpr double kIntLimit = 9223372036854775808.0;
  if (value != std::floor(value)) return;
  if (!node.as_int && value >= -kIntLimit && value < kIntLimit) {
    node.as_int = static_cast<int64_t>(value);
  }
  if (!node.as_uint && value >= 0 && value < 2 * kIntLimit) {
    node.as_uint = static_cast<uint64_t>(value);
  }
}

void SetComplex(std::complex<double> value, NumberNode& node) {
  node.as_complex = value;
  if (value.imag() != 0) return;
  node.as_float = value.real();
  AddIntegers(value.real(), node);
}

absl::Status ReadChar(std::string_view text, NumberNode& node) {
  std::string_view rest = text.substr(1);
  ASSIGN_OR_RETURN(const Char character, TakeChar(rest, '\''));
  if (rest != "'") {
    return absl::InvalidArgumentError(StrCat("malformed character constant: ", text));
  }
  node.as_int = character.code;
  node.as_uint = character.code;
  node.as_float = character.code;
  return absl::OkStatus();
}

absl::Status ReadComplex(std::string_view text, NumberNode& node) {
  // The sign between both parts is the last that no exponent has.
  size_t split = text.size() - 1;
  while (split > 0) {
    const bool is_sign = text[split] == '+' || text[split] == '-';
    const char before = absl::ascii_tolower(static_cast<unsigned char>(text[split - 1]));
    if (is_sign && before != 'e' && before != 'p') break;
    --split;
  }
  const auto real = ParseGoFloat(text.substr(0, split));
  const auto imaginary = ParseGoFloat(text.substr(split, text.size() - split - 1));
  if (!real || !imaginary) {
    return absl::InvalidArgumentError("syntax error scanning complex number");
  }
  SetComplex({*real, *imaginary}, node);
  return absl::OkStatus();
}

absl::Status ReadPlain(std::string_view text, NumberNode& node) {
  if (text.back() == 'i') {
    if (const auto imaginary = ParseGoFloat(text.substr(0, text.size() - 1))) {
      SetComplex({0, *imaginary}, node);
      return absl::OkStatus();
    }
  }
  node.as_uint = ReadUnsigned(text);
  node.as_int = ReadSigned(text);
  if (node.as_int == 0 && !node.as_uint) node.as_uint = 0;  // of -0
  if (node.as_int) {
    node.as_float = static_cast<double>(*node.as_int);
  } else if (node.as_uint) {
    node.as_float = static_cast<double>(*node.as_uint);
  } else {
    bool is_out_of_range = false;
    const auto value = ParseGoFloat(text, &is_out_of_range);
    if (value && !is_out_of_range) {
      if (text.find_first_of(".eEpP") == std::string_view::npos) {
        return absl::InvalidArgumentError(StrCat("integer overflow: ", GoQuote(text)));
      }
      node.as_float = *value;
      AddIntegers(*value, node);
    }
  }
  if (node.as_float) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("illegal number syntax: ", GoQuote(text)));
}

}  // namespace

absl::StatusOr<std::string> UnquoteGoString(std::string_view literal) {
  std::string out;
  std::string_view rest = literal.substr(1, literal.size() - 2);
  if (literal[0] == '`') {
    std::copy_if(rest.begin(), rest.end(), std::back_inserter(out),
                 [](char c) { return c != '\r'; });
    return out;
  }
  while (!rest.empty()) {
    ASSIGN_OR_RETURN(const Char character, TakeChar(rest, '"'));
    if (character.is_byte) {
      out += static_cast<char>(character.code);
    } else {
      AppendUtf8(out, character.code);
    }
  }
  return out;
}

absl::StatusOr<std::unique_ptr<NumberNode>> ReadGoNumber(const TemplateToken& token) {
  auto node = std::make_unique<NumberNode>(token.pos);
  node->text = token.text;
  switch (token.kind) {
    case TemplateTokenKind::kCharConstant:
      RETURN_IF_ERROR(ReadChar(token.text, *node));
      break;
    case TemplateTokenKind::kComplex:
      RETURN_IF_ERROR(ReadComplex(token.text, *node));
      break;
    default:
      RETURN_IF_ERROR(ReadPlain(token.text, *node));
      break;
  }
  return node;
}

}  // namespace sloburn::rules
