// SPDX-License-Identifier: Apache-2.0
// Where in a query text something stands, and errors that know their place.
//
// Every error of the parser and of the analysis is an InvalidArgument status whose message is what
// Prometheus prints ("1:5: parse error: ...") and which carries the range as a payload, so that
// callers can point at the place in a file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace sloburn::parser {

// Bytes [begin, end) of the query text.
struct SourceRange {
  int begin = 0;
  int end = 0;
  friend bool operator==(const SourceRange&, const SourceRange&) = default;
};

struct LineColumn {
  int line = 1;
  int column = 1;  // 1-based, in bytes, as Prometheus counts
};

// The place of byte `offset`; an offset past the text gives nullopt.
std::optional<LineColumn> LocateOffset(std::string_view text, int offset);

// "LINE:COL: parse error: MESSAGE" with the range as payload. An empty `text` gives
// "unknown position: parse error: ...".
absl::Status ParseErrorAt(std::string_view text, SourceRange range, std::string_view message);

// The range of an error made by ParseErrorAt, or nullopt.
std::optional<SourceRange> RangeOf(const absl::Status& status);

// The message of such an error without its position and without "parse error: ".
std::string BareMessage(const absl::Status& status);

}  // namespace sloburn::parser
