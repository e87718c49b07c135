// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/flag_checks.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

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

}  // namespace sloburn::cli
