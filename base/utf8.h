// SPDX-License-Identifier: Apache-2.0
// UTF-8, with Go's rules: an invalid byte counts as one rune of width 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sloburn {

struct Utf8Rune {
  uint32_t code = 0xFFFD;
  int size = 1;  // bytes to skip
  bool is_valid = false;
};

// The first rune of `text`, which must not be empty.
Utf8Rune DecodeUtf8(std::string_view text);

// Where the first invalid byte is, or npos.
size_t FindInvalidUtf8(std::string_view text);
inline bool IsValidUtf8(std::string_view text) {
  return FindInvalidUtf8(text) == std::string_view::npos;
}

// Appends the encoding of `code`, which must be a valid code point.
void AppendUtf8(std::string& out, uint32_t code);

// By Unicode's simple mapping; other code points stay.
uint32_t ToUpperRune(uint32_t code);
uint32_t ToLowerRune(uint32_t code);
bool IsLetterRune(uint32_t code);

// Each letter by Unicode's simple mapping, as Go's strings.ToUpper and ToLower; bytes that are not
// UTF-8 become U+FFFD.
std::string ToUpperUtf8(std::string_view text);
std::string ToLowerUtf8(std::string_view text);

// Whether Go calls the code point printable (unicode.IsPrint).
bool IsGoPrintable(uint32_t code);

// `text` as a Go double-quoted string literal (strconv.Quote).
std::string GoQuote(std::string_view text);
// The same with all that is not ASCII escaped (strconv.QuoteToASCII).
std::string GoQuoteAscii(std::string_view text);
// A code point as a Go character literal (strconv.QuoteRune and QuoteRuneToASCII); U+FFFD where
// `code` is none.
std::string GoQuoteRune(uint32_t code, bool ascii_only = false);

}  // namespace sloburn
