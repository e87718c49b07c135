// SPDX-License-Identifier: Apache-2.0
// What parses prints as text that parses to the same print, on one line and on several; what does
// not parse names a place inside the text.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "parser/parser.h"
#include "parser/printer.h"
#include "parser/series_description.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sloburn::parser;  // NOLINT: one short function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ParseOptions options;
  options.max_nesting = 100;
  options.enable_experimental_functions = true;
  options.enable_extended_range_selectors = true;
  options.enable_binop_fill_modifiers = true;
  (void)ParseSeriesDescription(text, 1'000);
  (void)ParseMetric(text);

  const auto expr = Parse(text, options);
  if (!expr.ok()) {
    CHECK(!expr.status().message().empty());
    const auto range = RangeOf(expr.status());
    CHECK(range.has_value() || expr.status().code() == absl::StatusCode::kResourceExhausted);
    CHECK(!range || (range->begin >= 0 && static_cast<size_t>(range->begin) <= size));
    return 0;
  }
  CHECK((*expr)->range.begin >= 0 && static_cast<size_t>((*expr)->range.end) <= size);
  const std::string printed = Print(**expr);
  // Infinity prints as +Inf, as Prometheus has it, and a sign binds less than ^ when it is read again.
  if (printed.find("+Inf ^") != std::string::npos) return 0;
  // A plus before a number in a duration is not printed, as in Prometheus; the number is a literal
  // when it is read again, and prints with its unit.
  const bool has_duration = printed.find('[') != std::string::npos ||
                            printed.find(" offset ") != std::string::npos;
  if (has_duration && text.find('+') != std::string_view::npos) return 0;
  // Pretty text may be too large; then the canonical one stands for both.
  const auto pretty = PrettyPrint(**expr);
  CHECK(pretty.ok() || pretty.status().code() == absl::StatusCode::kResourceExhausted);
  for (const std::string& again : {printed, pretty.value_or(printed)}) {
    const auto reparsed = Parse(again, options);
    CHECK(reparsed.ok());
    CHECK(Print(**reparsed) == printed);
  }
  return 0;
}
