// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/thousands.h"
#include "cli/commands/commands.h"
#include "cli/exit_status.h"
#include "cli/export_metrics.h"
#include "cli/progress_bar.h"
#include "cli/version.h"
#include "web/api/parameters.h"
#include "web/api/series_selection.h"

namespace sloburn::cli {
namespace {

// A server may think for long before it sends its first byte.
constexpr absl::Duration kIdleTimeout = absl::Minutes(5);

struct ExportFlags {
  std::string url = "http://127.0.0.1:9099";
  std::string match = "{__name__=~\".+\"}";
  std::string start = "0";
  std::string end;
  bool is_quiet = false;
};

absl::StatusOr<ExportOptions> ToOptions(const ExportFlags& flags) {
  ExportOptions options;
  options.match = flags.match;
  ASSIGN_OR_RETURN(const auto sets, web::ParseMatchParameter({flags.match}, {}));
  options.matchers = sets.at(0);
  ASSIGN_OR_RETURN(const absl::Time start, web::ParseApiTime(flags.start));
  absl::Time end = absl::Now();
  if (!flags.end.empty()) {
    ASSIGN_OR_RETURN(end, web::ParseApiTime(flags.end));
  }
  options.start_ms = web::ToEngineMs(start);
  options.end_ms = web::ToEngineMs(end);
  if (options.end_ms < options.start_ms) {
    return absl::InvalidArgumentError("--end is before --start");
  }
  return options;
}

absl::Status WriteToStdout(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
      std::fflush(stdout) == 0) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat("cannot write: ", std::strerror(errno)));
}

std::string ProgressText(const ExportProgress& progress, absl::Duration elapsed) {
  const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-3);
  const double done = static_cast<double>(progress.metrics_done);
  return absl::StrFormat(
      "exporting %s  %d/%d metrics  %s samples, %s/s",
      ProgressBar(progress.metrics == 0 ? 1 : done / static_cast<double>(progress.metrics)),
      progress.metrics_done, progress.metrics, WithThousandsCommas(progress.samples),
      WithThousandsCommas(static_cast<int64_t>(static_cast<double>(progress.samples) / seconds)));
}

void Summarize(const ExportProgress& progress) {
  if (progress.by_query_api) {
    std::cerr << "warning: the server has no remote read; its query API was used\n";
  }
  if (progress.histogram_series > 0) {
    std::cerr << "warning: " << progress.histogram_series
              << " series have native histograms, which OpenMetrics text cannot hold; these are "
                 "left out\n";
  }
  std::cerr << "exported " << WithThousandsCommas(progress.samples) << " samples of "
            << WithThousandsCommas(progress.series) << " series";
  if (progress.markers > 0) {
    std::cerr << ", without " << WithThousandsCommas(progress.markers) << " staleness markers";
  }
  std::cerr << "\n";
}

int RunExport(const ExportFlags& flags) {
  const auto options = ToOptions(flags);
  remote::HttpClientOptions http;
  http.url = flags.url;
  http.idle_timeout = kIdleTimeout;
  http.total_timeout = kIdleTimeout;
  http.user_agent = std::string("sloburn/") + kVersion;
  const auto client = remote::HttpClient::Create(http);
  for (const absl::Status& status : {options.status(), client.status()}) {
    if (status.ok()) continue;
    std::cerr << "error: " << status.message() << "\n";
    return kExitUsage;
  }
  ProgressLine line(!flags.is_quiet);
  const absl::Time start = absl::Now();
  const auto progress = ExportMetrics(**client, *options, WriteToStdout,
                                      [&](const ExportProgress& now) {
                                        if (!line.IsDue()) return;
                                        line.Show(ProgressText(now, absl::Now() - start));
                                      });
  line.Finish();
  if (!progress.ok()) {
    std::cerr << "error: " << progress.status().message()
              << "\nwhat was written is not complete and has no # EOF\n";
    return kExitProblems;
  }
  if (!flags.is_quiet) Summarize(*progress);
  return kExitOk;
}

}  // namespace

void AddExportCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* const command =
      app.add_subcommand("export", "Write the series of a server as OpenMetrics text");
  command->add_option("--url", flags->url, "The server: sloburn, or any Prometheus API");
  command->add_option("--match", flags->match, "A selector of series");
  command->add_option("--start", flags->start,
                      "From this time on: Unix seconds or RFC 3339; default all");
  command->add_option("--end", flags->end, "Up to this time; default now");
  command->add_flag("--quiet", flags->is_quiet, "Neither a progress bar, warnings nor a summary");
  command->footer(
      "Examples:\n"
      "  sloburn export --match='{job=\"api\"}' --start=2026-01-01T00:00:00Z > api.om\n"
      "  sloburn export --url=http://127.0.0.1:9090 | gzip > backup.om.gz");
  command->callback([flags, &exit_code] { exit_code = RunExport(*flags); });
}

}  // namespace sloburn::cli
