// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "parser/printer.h"

namespace sloburn::rules {
namespace {

std::string Fill(const std::string& query, absl::Duration window) {
  return absl::StrReplaceAll(
      query, {{"{{.window}}", parser::FormatDuration(absl::ToInt64Milliseconds(window))},
              {"{{ .window }}", parser::FormatDuration(absl::ToInt64Milliseconds(window))}});
}

}  // namespace

std::string Slo::ErrorRatio(absl::Duration over) const {
  if (!error_ratio_query.empty()) return Fill(error_ratio_query, over);
  return absl::StrCat("(", Fill(error_query, over), ")\n/\n(", Fill(total_query, over), ")");
}

const std::vector<absl::Duration>& BurnRateWindows() {
  static const auto* const windows = new std::vector<absl::Duration>{
      absl::Minutes(5), absl::Minutes(30), absl::Hours(1),  absl::Hours(2),
      absl::Hours(6),   absl::Hours(24),   absl::Hours(72), absl::Hours(720)};
  return *windows;
}

}  // namespace sloburn::rules
