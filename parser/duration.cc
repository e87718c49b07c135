// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "parser/printer.h"

namespace sloburn::parser {
namespace {

struct Unit {
  std::string_view name;
  int64_t ms;
  // y and w are printed only for exact multiples: 90d reads better than 12w6d.
  bool is_exact_only;
};

constexpr std::array<Unit, 7> kUnits = {{
    {"y", int64_t{365} * 86'400'000, true},
    {"w", int64_t{7} * 86'400'000, true},
    {"d", 86'400'000, false},
    {"h", 3'600'000, false},
    {"m", 60'000, false},
    {"s", 1'000, false},
    {"ms", 1, false},
}};

// 2^63 ns.
constexpr int64_t kMaxDurationMs = 9'223'372'036'854;

absl::Status NotADuration(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("not a valid duration string: ", GoQuote(text)));
}

}  // namespace

std::string FormatDuration(int64_t ms) {
  if (ms == 0) return "0s";
  std::string out;
  if (ms < 0) {
    out = "-";
    ms = -ms;
  }
  for (const Unit& unit : kUnits) {
    if (ms < unit.ms || (unit.is_exact_only && ms % unit.ms != 0)) continue;
    absl::StrAppend(&out, ms / unit.ms, std::string(unit.name));
    ms %= unit.ms;
    if (ms == 0) break;
  }
  return out;
}

absl::StatusOr<int64_t> ParseDuration(std::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("empty duration string");
  if (text == "0") return 0;
  std::string_view rest = text;
  int64_t total = 0;
  size_t next_unit = 0;
  while (!rest.empty()) {
    uint64_t count = 0;
    const char* const end = rest.data() + rest.size();
    const auto digits = std::from_chars(rest.data(), end, count);
    if (digits.ec != std::errc()) return NotADuration(text);
    rest.remove_prefix(digits.ptr - rest.data());
    size_t letters = 0;
    while (letters < rest.size() && (rest[letters] < '0' || rest[letters] > '9')) ++letters;
    const std::string_view name = rest.substr(0, letters);
    size_t unit = 0;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (name.empty()) return NotADuration(text);
    if (unit == kUnits.size()) {
      return absl::InvalidArgumentError(absl::StrCat("unknown unit ", GoQuote(name),
                                                     " in duration ", GoQuote(text)));
    }
    if (unit < next_unit) return NotADuration(text);
    next_unit = unit + 1;
    rest.remove_prefix(letters);
    if (count > static_cast<uint64_t>((kMaxDurationMs - total) / kUnits[unit].ms)) {
      return absl::InvalidArgumentError("duration out of range");
    }
    total += static_cast<int64_t>(count) * kUnits[unit].ms;
  }
  return total;
}

}  // namespace sloburn::parser
