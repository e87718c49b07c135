// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/thousands.h"
#include "cli/commands/commands.h"
#include "cli/commands/flag_checks.h"
#include "cli/exit_status.h"
#include "cli/import_metrics.h"
#include "cli/progress_bar.h"
#include "cli/version.h"

namespace sloburn::cli {
namespace {

struct ImportFlags {
  std::string file;
  std::string url = "http://127.0.0.1:9099/api/v1/write";
  std::string format = "openmetrics";
  size_t samples_per_request = 5000;
  size_t max_line_bytes = 1 << 20;
  int64_t patience_seconds = 60;
  bool is_quiet = false;
};

// 0 where it is not known, as of a pipe.
int64_t SizeOf(std::FILE* file) {
  struct stat info {};
  if (fstat(fileno(file), &info) != 0 || !S_ISREG(info.st_mode)) return 0;
  return info.st_size;
}

std::string ProgressText(const ImportProgress& progress, int64_t total_bytes,
                         absl::Duration elapsed) {
  const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-3);
  const std::string rate =
      absl::StrFormat("%s samples, %s/s", WithThousandsCommas(progress.samples_sent),
                      WithThousandsCommas(static_cast<int64_t>(progress.samples_sent / seconds)));
  const double mebibytes = static_cast<double>(progress.bytes) / (1 << 20);
  if (total_bytes == 0) return absl::StrFormat("importing  %.1f MiB  %s", mebibytes, rate);
  const double total = static_cast<double>(total_bytes);
  return absl::StrFormat("importing %s  %.1f/%.1f MiB  %s",
                         ProgressBar(static_cast<double>(progress.bytes) / total), mebibytes,
                         total / (1 << 20), rate);
}

int RunImport(const ImportFlags& flags) {
  ::signal(SIGPIPE, SIG_IGN);
  const bool is_stdin = flags.file == "-";
  std::FILE* const file = is_stdin ? stdin : std::fopen(flags.file.c_str(), "rb");
  if (file == nullptr) {
    std::cerr << "error: open " << flags.file << ": " << std::strerror(errno) << "\n";
    return kExitUsage;
  }
  ImportOptions options;
  options.writer.sender.http.url = flags.url;
  options.writer.sender.http.user_agent = std::string("sloburn/") + kVersion;
  options.writer.max_samples_per_send = flags.samples_per_request;
  options.max_line_bytes = flags.max_line_bytes;
  options.patience = absl::Seconds(flags.patience_seconds);
  if (flags.format == "prometheus") options.format = openmetrics::MetricsTextFormat::kPrometheus;

  ProgressLine line(!flags.is_quiet);
  const absl::Time start = absl::Now();
  const int64_t total = SizeOf(file);
  const auto show = [&](const ImportProgress& progress) {
    line.Show(ProgressText(progress, total, absl::Now() - start));
  };
  const auto result = ImportMetrics(file, is_stdin ? "<stdin>" : flags.file, options,
                                    [&](const ImportProgress& progress) {
                                      if (line.IsDue()) show(progress);
                                    });
  if (!is_stdin) std::fclose(file);
  if (result.ok()) show(*result);
  line.Finish();
  if (!result.ok()) {
    std::cerr << "error: " << result.status().message() << "\n";
    return kExitProblems;
  }
  if (!flags.is_quiet) {
    std::cout << "imported " << WithThousandsCommas(result->samples_sent) << " samples\n";
  }
  return kExitOk;
}

}  // namespace

void AddImportCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* const command = app.add_subcommand(
      "import", "Send the samples of an OpenMetrics file to a remote write endpoint");
  command->add_option("FILE", flags->file, "The file; - reads standard input")->required();
  command->add_option("--url", flags->url, "The whole URL of the endpoint");
  command
      ->add_option("--format", flags->format,
                   "openmetrics (timestamps in seconds), or prometheus (the older text format, in "
                   "milliseconds)")
      ->check(CLI::IsMember({"openmetrics", "prometheus"}));
  command->add_option("--samples-per-request", flags->samples_per_request, "Samples per request")
      ->check(WholeNumber(1, 100'000));
  command->add_option("--max-line-bytes", flags->max_line_bytes, "Longer lines are errors")
      ->check(WholeNumber(16, 1 << 30));
  command
      ->add_option("--give-up-after", flags->patience_seconds,
                   "Seconds without a sample accepted after which the import fails")
      ->check(WholeNumber(1, 86'400));
  command->add_flag("--quiet", flags->is_quiet, "Neither a progress bar nor a summary");
  command->footer(
      "Examples:\n"
      "  sloburn import backup.om\n"
      "  zcat backup.om.gz | sloburn import --url=http://127.0.0.1:9090/api/v1/write -");
  command->callback([flags, &exit_code] { exit_code = RunImport(*flags); });
}

}  // namespace sloburn::cli
