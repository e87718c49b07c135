// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/flag_checks.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sloburn::cli {

CLI::Validator WholeNumber(int64_t least, int64_t most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    int64_t value = 0;
    if (!absl::SimpleAtoi(text, &value)) {
      return absl::StrCat("\"", text, "\" is no whole number that can be taken");
    }
    if (value < least) return absl::StrCat(value, " is too small; the least is ", least);
    if (value > most) return absl::StrCat(value, " is too large; the most is ", most);
    return "";
  };
  return CLI::Validator(check, "");
}

absl::StatusOr<int64_t> ParseBytesFlag(std::string_view flag, const std::string& text) {
  constexpr absl::string_view kUnits = "KMGTPE";
  constexpr double kTooMuch = 9223372036854775808.0;
  const size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  absl::string_view unit = absl::string_view(text).substr(digits);
  double value = 0;
  bool is_good = absl::SimpleAtod(absl::string_view(text).substr(0, digits), &value);
  if (!unit.empty() && kUnits.find(unit[0]) != absl::string_view::npos) {
    value = std::ldexp(value, 10 * (static_cast<int>(kUnits.find(unit[0])) + 1));
    unit.remove_prefix(1);
    is_good = is_good && (unit == "B" || unit == "iB");
  } else {
    is_good = is_good && (unit.empty() || unit == "B");
  }
  if (is_good && value < kTooMuch) return static_cast<int64_t>(value);
  return absl::InvalidArgumentError(absl::StrCat(std::string(flag), ": \"", text,
                                                 "\" is no size; write it like 512MB or 2GiB"));
}

}  // namespace sloburn::cli
