// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/start_offsets.h"

#include <charconv>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "parser/printer.h"

namespace sloburn::cli {
namespace {

using Offsets = std::vector<std::optional<int64_t>>;

constexpr std::string_view kSuffix = "@st";
constexpr std::string_view kSpace = " \t";

std::string_view TakeWord(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kSpace));
  text.remove_prefix(word.size());
  return word;
}

// Reads one item, e.g. -30s-1mx2.
class ItemReader {
 public:
  ItemReader(std::string_view item, size_t room) : item_(item), rest_(item), room_(room) {}

  absl::Status AppendTo(Offsets& offsets) {
    if (rest_[0] == '_') {
      rest_.remove_prefix(1);
      ASSIGN_OR_RETURN(const uint64_t count, rest_.empty() ? 1 : Repeats());
      offsets.insert(offsets.end(), count, std::nullopt);
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(int64_t offset, Duration());
    int64_t step = 0;
    if (!rest_.empty() && rest_[0] != 'x') {
      ASSIGN_OR_RETURN(step, Duration());
      if (rest_.empty()) return Bad("expected 'x<count>' after step duration");
    }
    uint64_t repeats = 0;
    if (!rest_.empty()) {
      ASSIGN_OR_RETURN(repeats, Repeats());
    }
    for (uint64_t i = 0; i <= repeats; ++i, offset += step) offsets.emplace_back(offset);
    return absl::OkStatus();
  }

 private:
  absl::Status Bad(std::string_view why) const {
    return absl::InvalidArgumentError(
        StrCat("invalid @st sequence: invalid ST item ", GoQuote(item_), ": ", why));
  }

  absl::StatusOr<int64_t> Duration() {
    const bool is_negative = rest_[0] == '-';
    if (is_negative || rest_[0] == '+') rest_.remove_prefix(1);
    const std::string_view text = rest_.substr(0, rest_.find_first_of("x+-"));
    rest_.remove_prefix(text.size());
    if (text == "0") return 0;
    const auto ms = parser::ParseDuration(text);
    if (!ms.ok()) return Bad(std::string(ms.status().message()));
    return is_negative ? -*ms : *ms;
  }

  absl::StatusOr<uint64_t> Repeats() {
    uint64_t count = 0;
    const char* const end = rest_.data() + rest_.size();
    const auto [last, error] = std::from_chars(rest_.data() + 1, end, count);
    if (rest_[0] != 'x' || error != std::errc() || last != end) return Bad("invalid repeat count");
    if (count >= room_) return Bad("more values than a series can have");
    return count;
  }

  const std::string_view item_;
  std::string_view rest_;
  const size_t room_;
};

}  // namespace

std::optional<std::string_view> StartLineMetric(std::string_view line) {
  const std::string_view word = TakeWord(line);
  if (!word.ends_with(kSuffix)) return std::nullopt;
  return word.substr(0, word.size() - kSuffix.size());
}

absl::StatusOr<std::vector<std::optional<int64_t>>> ParseStartOffsets(std::string_view line,
                                                                      size_t max_values) {
  TakeWord(line);  // the metric
  Offsets offsets;
  for (std::string_view item = TakeWord(line); !item.empty(); item = TakeWord(line)) {
    RETURN_IF_ERROR(ItemReader(item, max_values - offsets.size()).AppendTo(offsets));
  }
  return offsets;
}

}  // namespace sloburn::cli
