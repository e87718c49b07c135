// SPDX-License-Identifier: Apache-2.0
#include "cli/expand_variables.h"

#include <cstdlib>

#include "absl/strings/ascii.h"

namespace sloburn::cli {

std::string ExpandVariables(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    ++i;
    if (text[i] == '$') {
      out += '$';
      continue;
    }
    const bool has_braces = text[i] == '{';
    size_t end = i + (has_braces ? 1 : 0);
    const size_t begin = end;
    while (end < text.size() && (absl::ascii_isalnum(text[end]) || text[end] == '_')) ++end;
    const bool is_closed = !has_braces || (end < text.size() && text[end] == '}');
    if (end == begin || !is_closed) {
      out += text.substr(i - 1, end - i + 1);
      i = end - 1;
      continue;
    }
    const char* const value = std::getenv(std::string(text.substr(begin, end - begin)).c_str());
    if (value != nullptr) out += value;
    i = has_braces ? end : end - 1;
  }
  return out;
}

}  // namespace sloburn::cli
