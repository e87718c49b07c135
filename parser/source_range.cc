// SPDX-License-Identifier: Apache-2.0
#include "parser/source_range.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sloburn::parser {
namespace {

constexpr char kRangePayload[] = "sloburn.dev/source-range";
constexpr std::string_view kMarker = "parse error: ";

}  // namespace

std::optional<LineColumn> LocateOffset(std::string_view text, int offset) {
  if (offset < 0 || static_cast<size_t>(offset) > text.size()) return std::nullopt;
  const std::string_view before = text.substr(0, offset);
  LineColumn place;
  place.line += static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  const size_t newline = before.rfind('\n');
  place.column =
      offset - (newline == std::string_view::npos ? 0 : static_cast<int>(newline) + 1) + 1;
  return place;
}

absl::Status ParseErrorAt(std::string_view text, SourceRange range, std::string_view message) {
  std::string where;
  if (text.empty()) {
    where = "unknown position";
  } else if (const auto place = LocateOffset(text, range.begin)) {
    where = absl::StrCat(place->line, ":", place->column);
  } else {
    where = "invalid position";
  }
  absl::Status status = absl::InvalidArgumentError(
      absl::StrCat(where, ": ", std::string(kMarker), std::string(message)));
  status.SetPayload(kRangePayload, absl::Cord(absl::StrCat(range.begin, ",", range.end)));
  return status;
}

std::optional<SourceRange> RangeOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kRangePayload);
  if (!payload) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(std::string(*payload), ',');
  SourceRange range;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &range.begin) ||
      !absl::SimpleAtoi(parts[1], &range.end)) {
    return std::nullopt;
  }
  return range;
}

std::string BareMessage(const absl::Status& status) {
  const std::string message(status.message());
  const size_t marker = message.find(kMarker);
  return marker == std::string::npos ? message : message.substr(marker + kMarker.size());
}

}  // namespace sloburn::parser
