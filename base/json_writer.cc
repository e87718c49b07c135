// SPDX-License-Identifier: Apache-2.0
#include "base/json_writer.h"

#include <cstdint>

#include "base/utf8.h"

namespace sloburn {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void AppendUnicodeEscape(std::string& out, unsigned code) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(code >> shift) & 15];
}

void AppendAscii(std::string& out, unsigned char c, bool html_escape) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const bool is_html = html_escape && (c == '<' || c == '>' || c == '&');
  if (c < 0x20 || is_html) {
    AppendUnicodeEscape(out, c);
  } else {
    out += static_cast<char>(c);
  }
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view text, bool html_escape) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = text[i];
    if (c < 0x80) {
      AppendAscii(out, c, html_escape);
      ++i;
      continue;
    }
    const Utf8Rune rune = DecodeUtf8(text.substr(i));
    if (!rune.is_valid) {
      out += html_escape ? "\\ufffd" : "\xEF\xBF\xBD";
    } else if (html_escape && (rune.code == 0x2028 || rune.code == 0x2029)) {
      AppendUnicodeEscape(out, rune.code);
    } else {
      out.append(text, i, rune.size);
    }
    i += rune.size;
  }
  out += '"';
}

}  // namespace sloburn
