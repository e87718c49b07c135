// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/go_format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "base/float_text.h"
#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn::rules {
namespace {

constexpr char kLower[] = "0123456789abcdefx", kUpper[] = "0123456789ABCDEFX";

size_t CountRunes(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) i += DecodeUtf8(text.substr(i)).size;
  return count;
}

std::string_view Cut(const FormatFlags& flags, std::string_view text) {
  if (!flags.precision) return text;
  size_t end = 0;
  for (int left = *flags.precision; left > 0 && end < text.size(); --left) {
    end += DecodeUtf8(text.substr(end)).size;
  }
  return text.substr(0, end);
}

FormatFlags WithoutZero(FormatFlags flags) {
  flags.zero = false;
  return flags;
}

// Go can put it between backquotes.
bool CanBackquote(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const Utf8Rune rune = DecodeUtf8(text.substr(i));
    i += rune.size;
    const bool is_control = (rune.code < 0x20 && rune.code != '\t') || rune.code == 0x7f;
    if (!rune.is_valid || is_control || rune.code == '`' || rune.code == 0xfeff) return false;
  }
  return true;
}

std::string Printf(const char* format, int precision, double value) {
  std::string text(static_cast<size_t>(std::snprintf(nullptr, 0, format, precision, value)), '\0');
  std::snprintf(text.data(), text.size() + 1, format, precision, value);
  return text;
}

// "0x1.8p+01": one digit before the point is always 1, the exponent has two digits.
std::string HexFloat(double value, int precision) {
  int shift = 0;
  if (value != 0 && std::fpclassify(value) == FP_SUBNORMAL) {
    shift = -64;
    value = std::ldexp(value, -shift);
  }
  char plain[64];
  std::string text;
  if (precision < 0) {
    std::snprintf(plain, sizeof plain, "%a", value);
    text = plain;
  } else {
    text = Printf("%.*a", precision, value);
  }
  const size_t mark = text.find('p');
  int exponent = std::atoi(text.c_str() + mark + 1) + shift;
  text.resize(mark);
  const size_t lead = text.find('x') + 1;
  if (text[lead] == '2') {
    text[lead] = '1';
    ++exponent;
  }
  std::snprintf(plain, sizeof plain, "p%+03d", exponent);
  return text + plain;
}

// "4503599627370496p-52"
std::string BinaryFloat(double value) {
  if (value == 0) return std::signbit(value) ? "-0p-1074" : "0p-1074";
  int exponent = 0;
  (void)std::frexp(value, &exponent);
  exponent = std::max(exponent - 53, -1074);
  const auto mantissa = static_cast<uint64_t>(std::ldexp(std::fabs(value), -exponent));
  char text[64];
  std::snprintf(text, sizeof text, "%s%llup%+d", value < 0 ? "-" : "",
                static_cast<unsigned long long>(mantissa), exponent);
  return text;
}

std::string FloatDigits(double value, char verb, int precision) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  switch (verb) {
    case 'b':
      return BinaryFloat(value);
    case 'x':
      return HexFloat(value, precision);
    case 'X':
      return absl::AsciiStrToUpper(HexFloat(value, precision));
    case 'e':
      return Printf("%.*e", precision, value);
    case 'E':
      return Printf("%.*E", precision, value);
    case 'f':
      return Printf("%.*f", precision, value);
    default:
      break;
  }
  std::string text = precision < 0 ? FormatFloatG(value) : Printf("%.*g", precision, value);
  return verb == 'G' ? absl::AsciiStrToUpper(text) : text;
}

// The flag '#': always a point, and for %g as many digits as the precision says.
void KeepPoint(std::string& number, char verb, int precision) {
  int digits = 0;
  if (verb == 'g' || verb == 'G' || verb == 'x') {
    digits = precision < 0 ? 6 : precision;
  }
  const bool is_hex = verb == 'x' || verb == 'X';
  const size_t tail_at = number.find_first_of(is_hex ? "pP" : "eEpP");
  std::string tail;
  if (tail_at != std::string::npos) {
    tail = number.substr(tail_at);
    number.resize(tail_at);
  }
  bool has_point = false, counts = false;
  for (size_t i = 1; i < number.size(); ++i) {  // after the sign
    if (number[i] == '.') {
      has_point = true;
      continue;
    }
    counts = counts || number[i] != '0';
    if (counts) --digits;
  }
  if (!has_point) {
    if (number.size() == 2 && number[1] == '0') --digits;
    number += '.';
  }
  if (digits > 0) number.append(digits, '0');
  number += tail;
}

}  // namespace

void AppendPadded(const FormatFlags& flags, std::string_view text, std::string& out) {
  size_t fill = 0;
  if (flags.width) {
    const auto width = static_cast<size_t>(*flags.width);
    const size_t runes = CountRunes(text);
    fill = width > runes ? width - runes : 0;
  }
  if (!flags.minus) out.append(fill, flags.zero ? '0' : ' ');
  out += text;
  if (flags.minus) out.append(fill, ' ');
}

void AppendGoString(const FormatFlags& flags, std::string_view text, std::string& out) {
  AppendPadded(flags, Cut(flags, text), out);
}

void AppendGoQuoted(const FormatFlags& flags, std::string_view text, std::string& out) {
  text = Cut(flags, text);
  if (flags.sharp && CanBackquote(text)) return AppendPadded(flags, StrCat("`", text, "`"), out);
  AppendPadded(flags, flags.plus ? GoQuoteAscii(text) : GoQuote(text), out);
}

void AppendGoHexText(const FormatFlags& flags, std::string_view text, bool is_upper,
                     std::string& out) {
  if (flags.precision) text = text.substr(0, *flags.precision);
  const char* const digits = is_upper ? kUpper : kLower;
  const std::string prefix = {'0', digits[16]};
  std::string hex;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && flags.space) hex += ' ';
    if (flags.sharp && (i == 0 || flags.space)) hex += prefix;
    const auto byte = static_cast<unsigned char>(text[i]);
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  AppendPadded(flags, hex, out);
}

void AppendGoInteger(const FormatFlags& flags, uint64_t bits, bool is_signed, char verb,
                     std::string& out) {
  const bool is_negative = is_signed && static_cast<int64_t>(bits) < 0;
  uint64_t rest = is_negative ? 0 - bits : bits;
  const bool has_sign = is_negative || flags.plus || flags.space;
  int least = flags.precision.value_or(0);
  if (flags.precision == 0 && rest == 0) return AppendPadded(WithoutZero(flags), "", out);
  if (!flags.precision && flags.zero && !flags.minus && flags.width)
    least = *flags.width - has_sign;

  unsigned base = 10;
  if (verb == 'b') base = 2;
  if (verb == 'o' || verb == 'O') base = 8;
  if (verb == 'x' || verb == 'X') base = 16;
  const char* const digits = verb == 'X' ? kUpper : kLower;
  std::string reversed;
  do {
    reversed += digits[rest % base];
    rest /= base;
  } while (rest > 0);
  if (static_cast<int>(reversed.size()) < least) reversed.append(least - reversed.size(), '0');
  if (flags.sharp && base == 2) reversed += "b0";
  if (flags.sharp && base == 8 && reversed.back() != '0') reversed += '0';
  if (flags.sharp && base == 16) reversed += {digits[16], '0'};
  if (verb == 'O') reversed += "o0";
  if (has_sign) reversed += is_negative ? '-' : flags.plus ? '+' : ' ';
  std::reverse(reversed.begin(), reversed.end());
  AppendPadded(WithoutZero(flags), reversed, out);
}

void AppendGoRune(const FormatFlags& flags, uint64_t code, char verb, std::string& out) {
  const bool is_rune = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  const uint32_t rune = is_rune ? static_cast<uint32_t>(code) : 0xfffd;
  if (verb == 'q') return AppendPadded(flags, GoQuoteRune(rune, flags.plus), out);
  std::string text;
  if (verb == 'c') {
    AppendUtf8(text, rune);
    return AppendPadded(flags, text, out);
  }
  char hex[32];
  std::snprintf(hex, sizeof hex, "%llX", static_cast<unsigned long long>(code));
  text = hex;
  const size_t least = std::max(flags.precision.value_or(4), 4);
  if (text.size() < least) text.insert(0, least - text.size(), '0');
  text.insert(0, "U+");
  if (flags.sharp && is_rune && IsGoPrintable(rune)) {
    text += " '";
    AppendUtf8(text, rune);
    text += '\'';
  }
  AppendPadded(WithoutZero(flags), text, out);
}

void AppendGoFloat(const FormatFlags& flags, double value, char verb, std::string& out) {
  int precision = -1;
  if (verb == 'F') verb = 'f';
  if (verb == 'f' || verb == 'e' || verb == 'E') precision = 6;
  if (verb == 'v') verb = 'g';
  precision = flags.precision.value_or(precision);
  std::string number = FloatDigits(value, verb, precision);
  if (number[0] != '-' && number[0] != '+') number.insert(0, "+");
  if (flags.space && number[0] == '+' && !flags.plus) number[0] = ' ';
  if (!std::isfinite(value)) {
    if (std::isnan(value) && !flags.space && !flags.plus) number.erase(0, 1);
    return AppendPadded(WithoutZero(flags), number, out);
  }
  if (flags.sharp && verb != 'b') KeepPoint(number, verb, precision);
  if (!flags.plus && number[0] == '+')
    return AppendPadded(flags, std::string_view(number).substr(1), out);
  if (flags.zero && !flags.minus && flags.width && *flags.width > static_cast<int>(number.size())) {
    // The sign comes before the zeros.
    out += number[0];
    out.append(*flags.width - number.size(), '0');
    out.append(number, 1);
    return;
  }
  AppendPadded(flags, number, out);
}

}  // namespace sloburn::rules
