// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/query_flags.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "parser/printer.h"

namespace sloburn::cli {

absl::StatusOr<absl::Duration> ParseDurationFlag(std::string_view flag, const std::string& text) {
  const auto ms = parser::ParseDuration(text);
  if (ms.ok()) return absl::Milliseconds(*ms);
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(flag), ": ", std::string(ms.status().message()),
                   "; write it like 5m or 1h30m"));
}

void QueryFlags::AddTo(CLI::App& command) {
  command.add_option("--query.lookback-delta", lookback_delta,
                     "How far an instant selector looks back");
  command.add_option("--query.timeout", timeout, "Time a query may take");
  command.add_option("--query.max-samples", max_samples, "Samples a query may hold in memory")
      ->check(CLI::PositiveNumber);
  command.add_option("--query.max-concurrency", max_concurrency, "Queries evaluated at once")
      ->check(CLI::Range(1, 1000));
  command
      .add_option("--enable-feature", features,
                  "Comma-separated: promql-experimental-functions, promql-delayed-name-removal")
      ->delimiter(',')
      ->check(CLI::IsMember({"promql-experimental-functions", "promql-delayed-name-removal"}));
}

absl::StatusOr<engine::QueryOptions> QueryFlags::ToOptions() const {
  engine::QueryOptions options;
  ASSIGN_OR_RETURN(options.lookback_delta,
                   ParseDurationFlag("--query.lookback-delta", lookback_delta));
  ASSIGN_OR_RETURN(options.timeout, ParseDurationFlag("--query.timeout", timeout));
  options.max_samples = max_samples;
  for (const std::string& feature : features) {
    if (feature == "promql-experimental-functions") {
      options.parse.enable_experimental_functions = true;
    } else {
      options.delayed_name_removal = true;
    }
  }
  return options;
}

}  // namespace sloburn::cli
