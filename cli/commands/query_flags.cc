// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/query_flags.h"

#include <algorithm>
#include <iterator>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status_macros.h"
#include "cli/commands/flag_checks.h"
#include "parser/printer.h"

namespace sloburn::cli {

absl::StatusOr<absl::Duration> ParseDurationFlag(std::string_view flag, const std::string& text) {
  const auto ms = parser::ParseDuration(text);
  if (ms.ok()) return absl::Milliseconds(*ms);
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(flag), ": ", std::string(ms.status().message()),
                   "; write it like 5m or 1h30m"));
}

namespace {

struct Feature {
  const char* name;
  bool* (*flag)(engine::QueryOptions& options);
};

constexpr Feature kFeatures[] = {
    {"promql-experimental-functions",
     [](engine::QueryOptions& o) { return &o.parse.enable_experimental_functions; }},
    {"promql-extended-range-selectors",
     [](engine::QueryOptions& o) { return &o.parse.enable_extended_range_selectors; }},
    {"promql-binop-fill-modifiers",
     [](engine::QueryOptions& o) { return &o.parse.enable_binop_fill_modifiers; }},
    {"promql-delayed-name-removal",
     [](engine::QueryOptions& o) { return &o.delayed_name_removal; }},
    {"promql-per-step-stats",
     [](engine::QueryOptions& o) { return &o.count_samples_by_step; }},
    {"type-and-unit-labels",
     [](engine::QueryOptions& o) { return &o.type_and_unit_labels; }},
    {"use-start-timestamps",
     [](engine::QueryOptions& o) { return &o.use_start_timestamps; }},
};

absl::Status CheckPositive(std::string_view flag, absl::Duration value) {
  if (value > absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(std::string(flag), ": must be longer than 0"));
}

std::vector<std::string> FeatureNames() {
  std::vector<std::string> names;
  for (const Feature& feature : kFeatures) names.emplace_back(feature.name);
  return names;
}

// REQUIRES: one of FeatureNames(), as the command line has checked.
bool* Find(const std::string& name, engine::QueryOptions& options) {
  const auto* const found =
      std::find_if(std::begin(kFeatures), std::end(kFeatures),
                   [&name](const Feature& feature) { return name == feature.name; });
  CHECK(found != std::end(kFeatures));
  return found->flag(options);
}

}  // namespace

void QueryFlags::AddTo(CLI::App& command) {
  command.add_option("--query.lookback-delta", lookback_delta,
                     "How far an instant selector looks back");
  command.add_option("--query.timeout", timeout, "Time a query may take");
  command.add_option("--query.max-samples", max_samples, "Samples a query may hold in memory")
      ->check(WholeNumber(1));
  command.add_option("--query.max-concurrency", max_concurrency, "Queries evaluated at once")
      ->check(WholeNumber(1, 1000));
  command
      .add_option("--query.threads", threads,
                  "Threads that may evaluate one query over many samples; 0: a processor's worth, "
                  "but at most 4")
      ->check(CLI::Range(0, 64));
  command
      .add_option("--enable-feature", features,
                  "Comma-separated, as in Prometheus; each is off by default")
      ->delimiter(',')
      ->check(CLI::IsMember(FeatureNames()));
}

absl::StatusOr<engine::QueryOptions> QueryFlags::ToOptions() const {
  engine::QueryOptions options;
  ASSIGN_OR_RETURN(options.lookback_delta,
                   ParseDurationFlag("--query.lookback-delta", lookback_delta));
  ASSIGN_OR_RETURN(options.timeout, ParseDurationFlag("--query.timeout", timeout));
  RETURN_IF_ERROR(CheckPositive("--query.lookback-delta", options.lookback_delta));
  RETURN_IF_ERROR(CheckPositive("--query.timeout", options.timeout));
  options.max_samples = max_samples;
  const int processors = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 4);
  options.threads = threads > 0 ? threads : processors;
  for (const std::string& name : features) *Find(name, options) = true;
  return options;
}

}  // namespace sloburn::cli
