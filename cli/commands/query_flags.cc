// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/query_flags.h"

#include <algorithm>
#include <iterator>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/log.h"
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

// Parsing, planning and printing recurse: twice as deep was seen to fit into the 8 MiB of a thread,
// this deep into a quarter of them.
constexpr int kMostNesting = 5'000;

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

std::string FeatureNames() {
  std::string names;
  for (const Feature& feature : kFeatures) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", feature.name);
  }
  return names;
}

absl::Status CheckPositive(std::string_view flag, absl::Duration value) {
  if (value > absl::ZeroDuration()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(std::string(flag), ": must be longer than 0"));
}

// Of Prometheus, for what is always so here.
constexpr std::string_view kAlwaysOn[] = {
    "native-histograms",
    "ooo-native-histograms",
    "promql-duration-expr",
};

// Of Prometheus; the command looks for them itself.
constexpr std::string_view kOfTheCommand[] = {"auto-reload-config"};

// Of Prometheus, for what this program does not have: scraping, a TSDB on disk, OTLP, a UI.
constexpr std::string_view kElsewhere[] = {
    "concurrent-rule-eval",
    "created-timestamp-zero-ingestion",
    "delayed-compaction",
    "exemplar-storage",
    "extra-scrape-metrics",
    "fast-startup",
    "histograms-st-encoding",
    "memory-snapshot-on-shutdown",
    "metadata-wal-records",
    "old-ui",
    "otlp-deltatocumulative",
    "otlp-native-delta-ingestion",
    "search-api",
    "st-storage",
    "st-synthesis",
    "use-uncached-io",
    "xor2-encoding",
};

// Never an error, as in Prometheus: one set of flags serves several versions.
void Enable(const std::string& name, engine::QueryOptions& options) {
  for (const Feature& feature : kFeatures) {
    if (name != feature.name) continue;
    *feature.flag(options) = true;
    return;
  }
  const auto is_in = [&name](const auto& names) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  };
  if (is_in(kOfTheCommand)) return;
  const char* const complaint =
      is_in(kAlwaysOn)
          ? "This option for --enable-feature is permanently enabled and therefore a no-op."
      : is_in(kElsewhere)
          ? "This option for --enable-feature concerns what sloburn does not do and is a no-op."
          : "Unknown option for --enable-feature";
  Log(LogLevel::kWarn, complaint, {{"option", name}});
}

}  // namespace

void AddNestingFlag(CLI::App& command, int& max_nesting) {
  command
      .add_option("--query.max-nesting", max_nesting,
                  "Brackets and calls within each other in a query's text")
      ->check(WholeNumber(1, kMostNesting));
}

void QueryFlags::AddTo(CLI::App& command) {
  command.add_option("--query.lookback-delta", lookback_delta,
                     "How far an instant selector looks back");
  command.add_option("--query.timeout", timeout, "Time a query may take");
  command.add_option("--query.max-samples", max_samples, "Samples a query may hold in memory")
      ->check(WholeNumber(1));
  command.add_option("--query.max-memory", max_memory,
                     "Memory that the samples a query holds may take, like 512MB; 0: only "
                     "--query.max-samples bounds them");
  AddNestingFlag(command, max_nesting);
  command.add_option("--query.max-concurrency", max_concurrency, "Queries evaluated at once")
      ->check(WholeNumber(1, 1000));
  command
      .add_option("--query.threads", threads,
                  "Threads that may evaluate one query over many samples; 0: a processor's worth, "
                  "but at most 4")
      ->check(CLI::Range(0, 64));
  command
      .add_option("--enable-feature", features,
                  "Comma-separated, as in Prometheus: " + FeatureNames() +
                      ". Each is off by default; others are told in the log")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->default_str("");
}

absl::StatusOr<engine::QueryOptions> QueryFlags::ToOptions() const {
  engine::QueryOptions options;
  ASSIGN_OR_RETURN(options.lookback_delta,
                   ParseDurationFlag("--query.lookback-delta", lookback_delta));
  ASSIGN_OR_RETURN(options.timeout, ParseDurationFlag("--query.timeout", timeout));
  RETURN_IF_ERROR(CheckPositive("--query.lookback-delta", options.lookback_delta));
  RETURN_IF_ERROR(CheckPositive("--query.timeout", options.timeout));
  options.max_samples = max_samples;
  ASSIGN_OR_RETURN(options.max_memory_bytes, ParseBytesFlag("--query.max-memory", max_memory));
  options.parse.max_nesting = max_nesting;
  const int processors = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 4);
  options.threads = threads > 0 ? threads : processors;
  for (const std::string& name : features) Enable(name, options);
  return options;
}

}  // namespace sloburn::cli
