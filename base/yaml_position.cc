// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/utf8.h"
#include "base/yaml.h"

namespace sloburn {
namespace {

// The size of the line break at the start of `text`, by libyaml's rules; 0 where there is none.
size_t BreakSize(std::string_view text) {
  const auto starts = [&](std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
  };
  if (starts("\r\n")) return 2;
  if (starts("\n") || starts("\r")) return 1;
  if (starts("\xC2\x85")) return 2;
  if (starts("\xE2\x80\xA8") || starts("\xE2\x80\xA9")) return 3;
  return 0;
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

void YamlStream::SetText(std::string_view text) {
  text_ = std::string(text);
  line_starts_ = {0};
  for (size_t i = 0; i < text.size();) {
    // No break begins with these bytes.
    const unsigned char c = text[i];
    if (c > '\r' && c < 0xc2) {
      ++i;
      continue;
    }
    const size_t size = BreakSize(text.substr(i, 3));
    i += size == 0 ? 1 : size;
    if (size != 0) line_starts_.push_back(i);
  }
}

YamlPosition YamlStream::PositionOf(size_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  YamlPosition position{static_cast<int>(after - line_starts_.begin()), 1};
  for (size_t i = *(after - 1); i < std::min(offset, text_.size());) {
    i += DecodeUtf8(std::string_view(text_).substr(i)).size;
    ++position.column;
  }
  return position;
}

size_t YamlStream::OffsetOf(int line, int column) const {
  if (line > static_cast<int>(line_starts_.size())) return text_.size();
  size_t offset = line_starts_[line - 1];
  for (int i = 1; i < column && offset < text_.size(); ++i) {
    offset += DecodeUtf8(std::string_view(text_).substr(offset)).size;
  }
  return offset;
}

// Past tag, anchor, quote or block header.
size_t YamlStream::ContentBegin(const YamlNode& scalar) const {
  size_t i = OffsetOf(scalar.line, scalar.column);
  const auto skip_blanks = [&] {
    while (i < text_.size() && IsBlank(text_[i])) ++i;
  };
  while (i < text_.size() && (text_[i] == '&' || text_[i] == '!')) {
    while (i < text_.size() && !IsBlank(text_[i])) ++i;
    skip_blanks();
  }
  if (!scalar.is_quoted || i >= text_.size()) return i;
  if (text_[i] != '|' && text_[i] != '>') return i + 1;
  const size_t line_end = text_.find('\n', i);
  return line_end == std::string::npos ? text_.size() : line_end + 1;
}

// Folding and stripping change only blanks, so the other bytes stand in the file in the order of
// the value. Where an escape breaks that, the walk stops.
YamlPosition YamlStream::Locate(const YamlNode& scalar, size_t offset) const {
  const YamlPosition own{scalar.line, scalar.column};
  if (!scalar.is_scalar() || offset > scalar.value.size()) return own;
  const size_t end = OffsetOf(scalar.end_line, scalar.end_column);
  size_t source = ContentBegin(scalar);
  size_t after_last = source;
  for (size_t i = 0; i <= offset && i < scalar.value.size(); ++i) {
    if (IsBlank(scalar.value[i])) continue;
    while (source < end && IsBlank(text_[source])) ++source;
    if (source >= end || text_[source] != scalar.value[i]) return own;
    if (i == offset) return PositionOf(source);
    after_last = ++source;
  }
  return PositionOf(after_last);
}

}  // namespace sloburn
