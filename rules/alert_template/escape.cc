// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/escape.h"

#include <cstdio>

#include "absl/strings/ascii.h"
#include "base/utf8.h"

namespace sloburn::rules {
namespace {

void AppendHex(std::string& out, const char* format, unsigned value) {
  char text[16];
  std::snprintf(text, sizeof text, format, value);
  out += text;
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\0':
        out += "\xEF\xBF\xBD";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string EscapeJs(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const Utf8Rune rune = DecodeUtf8(text.substr(i));
    switch (rune.code) {
      case '\\':
        out += "\\\\";
        break;
      case '\'':
        out += "\\'";
        break;
      case '"':
        out += "\\\"";
        break;
      case '<':
        out += "\\u003C";
        break;
      case '>':
        out += "\\u003E";
        break;
      case '&':
        out += "\\u0026";
        break;
      case '=':
        out += "\\u003D";
        break;
      default:
        if (rune.code < 0x80 ? rune.code >= ' ' : IsGoPrintable(rune.code)) {
          out += text.substr(i, rune.size);
        } else {
          AppendHex(out, "\\u%04X", rune.code);
        }
    }
    i += rune.size;
  }
  return out;
}

}  // namespace sloburn::rules
