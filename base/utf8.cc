// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <locale.h>
#include <wctype.h>

#include <cstring>

namespace sloburn {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void AppendEscapedRune(std::string& out, uint32_t code) {
  const bool is_long = code >= 0x10000;
  out += is_long ? "\\U" : "\\u";
  for (int shift = is_long ? 28 : 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15];
}

// The C library's tables for any text; the process' own locale is not touched. Null: ASCII only.
locale_t UnicodeLocale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

std::string MapRunes(std::string_view text, uint32_t (*map)(uint32_t)) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Rune rune = DecodeUtf8(text);
    AppendUtf8(out, map(rune.code));
    text.remove_prefix(rune.size);
  }
  return out;
}

void AppendHexByte(std::string& out, unsigned char byte) {
  out += "\\x";
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

bool AppendNamedEscape(std::string& out, unsigned char c, char quote) {
  switch (c) {
    case '\\': out += "\\\\"; return true;
    case '\a': out += "\\a"; return true;
    case '\b': out += "\\b"; return true;
    case '\f': out += "\\f"; return true;
    case '\n': out += "\\n"; return true;
    case '\r': out += "\\r"; return true;
    case '\t': out += "\\t"; return true;
    case '\v': out += "\\v"; return true;
    default: break;
  }
  if (c != static_cast<unsigned char>(quote)) return false;
  out += '\\';
  out += quote;
  return true;
}

std::string Quote(std::string_view text, char quote, bool ascii_only) {
  std::string out(1, quote);
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = text[i];
    const Utf8Rune rune = DecodeUtf8(text.substr(i));
    if (AppendNamedEscape(out, c, quote)) {
      ++i;
      continue;
    }
    const bool is_plain = ascii_only ? rune.code < 0x80 : true;
    if (!rune.is_valid) {
      AppendHexByte(out, c);
    } else if (is_plain && IsGoPrintable(rune.code)) {
      out.append(text, i, rune.size);
    } else if (rune.code < 0x20 || rune.code == 0x7f) {
      AppendHexByte(out, c);
    } else {
      AppendEscapedRune(out, rune.code);
    }
    i += rune.size;
  }
  out += quote;
  return out;
}

}  // namespace

Utf8Rune DecodeUtf8(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1, true};
  int size = 0;
  uint32_t code = 0, lowest = 0;
  if ((first & 0xe0) == 0xc0) {
    size = 2, code = first & 0x1f, lowest = 0x80;
  } else if ((first & 0xf0) == 0xe0) {
    size = 3, code = first & 0x0f, lowest = 0x800;
  } else if ((first & 0xf8) == 0xf0) {
    size = 4, code = first & 0x07, lowest = 0x10000;
  } else {
    return {};
  }
  if (text.size() < static_cast<size_t>(size)) return {};
  for (int i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  if (code < lowest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, size, true};
}

size_t FindInvalidUtf8(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  for (size_t i = 0; i < text.size();) {
    uint64_t word = kHighBits;
    if (text.size() - i >= sizeof word) std::memcpy(&word, text.data() + i, sizeof word);
    if ((word & kHighBits) == 0) {
      i += sizeof word;
    } else if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
    } else {
      const Utf8Rune rune = DecodeUtf8(text.substr(i));
      if (!rune.is_valid) return i;
      i += rune.size;
    }
  }
  return std::string_view::npos;
}

void AppendUtf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

uint32_t ToUpperRune(uint32_t code) {
  if (code >= 'a' && code <= 'z') return code ^ 0x20;
  if (code < 0x80 || UnicodeLocale() == nullptr) return code;
  return towupper_l(static_cast<wint_t>(code), UnicodeLocale());
}

uint32_t ToLowerRune(uint32_t code) {
  if (code >= 'A' && code <= 'Z') return code ^ 0x20;
  if (code < 0x80 || UnicodeLocale() == nullptr) return code;
  return towlower_l(static_cast<wint_t>(code), UnicodeLocale());
}

bool IsLetterRune(uint32_t code) {
  if (code < 0x80) return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
  return UnicodeLocale() != nullptr && iswalpha_l(static_cast<wint_t>(code), UnicodeLocale());
}

std::string ToUpperUtf8(std::string_view text) { return MapRunes(text, ToUpperRune); }
std::string ToLowerUtf8(std::string_view text) { return MapRunes(text, ToLowerRune); }

// Code points strconv.Quote escapes although they are valid: controls, and the separators and
// format characters that have no visible form. Covers Unicode's Cc, Zs (but space), Zl, Zp, Cf,
// surrogates, private use and non-characters.
bool IsGoPrintable(uint32_t c) {
  if (c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad) return false;
  if (c == 0x1680 || (c >= 0x2000 && c <= 0x200f) || (c >= 0x2028 && c <= 0x202f)) return false;
  if ((c >= 0x205f && c <= 0x206f) || c == 0x3000 || c == 0xfeff) return false;
  if ((c >= 0xe000 && c <= 0xf8ff) || (c >= 0xfff0 && c <= 0xfffb)) return false;
  if ((c & 0xfffe) == 0xfffe || c >= 0xe0000) return false;
  return true;
}

std::string GoQuote(std::string_view text) { return Quote(text, '"', false); }

std::string GoQuoteAscii(std::string_view text) { return Quote(text, '"', true); }

std::string GoQuoteRune(uint32_t code, bool ascii_only) {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) code = 0xfffd;
  std::string text;
  AppendUtf8(text, code);
  return Quote(text, '\'', ascii_only);
}

}  // namespace sloburn
