// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_answer.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/str_cat.h"

namespace sloburn::remote {
namespace {

// Prometheus' words, and those of Cortex and Mimir.
bool SaysKnown(absl::string_view line) {
  const std::string lower = absl::AsciiStrToLower(line);
  for (const char* words :
       {"out of order", "out-of-order", "duplicate sample", "duplicate-timestamp",
        "duplicate timestamp", "new-value-for-timestamp"}) {
    if (absl::StrContains(lower, words)) return true;
  }
  return false;
}

int64_t ReadCount(std::string_view text, bool& is_told) {
  if (text.empty()) return 0;
  is_told = true;
  int64_t count = 0;
  return absl::SimpleAtoi(ToAbsl(text), &count) && count > 0 ? count : 0;
}

}  // namespace

WrittenCounts ReadWrittenCounts(const HttpResponse& response) {
  WrittenCounts counts;
  counts.samples =
      ReadCount(response.Header("x-prometheus-remote-write-samples-written"), counts.is_told);
  counts.histograms =
      ReadCount(response.Header("x-prometheus-remote-write-histograms-written"), counts.is_told);
  ReadCount(response.Header("x-prometheus-remote-write-exemplars-written"), counts.is_told);
  return counts;
}

int64_t CountKnown(std::string_view words, int64_t refused) {
  std::vector<absl::string_view> lines = absl::StrSplit(ToAbsl(words), '\n');
  // What follows the last line end is a line that was cut off, unless there is no other.
  if (lines.size() > 1) lines.pop_back();
  int64_t known = 0, others = 0;
  for (const absl::string_view line : lines) {
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    ++(SaysKnown(line) ? known : others);
  }
  if (known == 0) return 0;
  return others == 0 ? refused : std::min(known, refused);
}

std::optional<absl::Duration> ParseRetryAfter(std::string_view value, absl::Time now) {
  int64_t seconds = 0;
  if (absl::SimpleAtoi(ToAbsl(value), &seconds)) {
    if (seconds < 0) return std::nullopt;
    return absl::Seconds(seconds);
  }
  absl::Time time;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", ToAbsl(value), &time, nullptr)) {
    return std::nullopt;
  }
  return std::max(absl::ZeroDuration(), time - now);
}

}  // namespace sloburn::remote
