// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/thousands.h"
#include "cli/commands/commands.h"
#include "cli/commands/flag_checks.h"
#include "cli/commands/store_print.h"
#include "cli/exit_status.h"
#include "cli/progress_bar.h"
#include "engine/storage/durable/store_inspection.h"
#include "engine/storage/durable/store_reader.h"
#include "engine/storage/durable/store_verification.h"
#include "web/api/series_selection.h"

namespace sloburn::cli {
namespace {

constexpr int64_t kMostTop = 1'000'000;

struct StoreFlags {
  std::string path;
  int64_t top = 10;
  std::string output = "text";
  bool is_quiet = false;
  std::vector<std::string> selectors;
};

int Fail(const absl::Status& status) {
  std::cerr << "error: " << status.message() << "\n";
  return kExitUsage;
}

absl::StatusOr<std::unique_ptr<StoreReader>> OpenStore(const StoreFlags& flags) {
  ASSIGN_OR_RETURN(auto reader, StoreReader::Open(flags.path + "/sloburn.db"));
  if (reader->is_in_use()) {
    std::cerr << "note: a running process has the database open; this is its state of now\n";
  } else if (reader->wal_bytes() > 0) {
    std::cerr << "note: the write-ahead log (" << WithThousandsCommas(reader->wal_bytes())
              << " bytes) is not checkpointed: the process did not close the database; what is "
                 "in the log is read too\n";
  }
  return reader;
}

std::string Bar(std::string_view what, int64_t rows, int64_t all) {
  const double share = static_cast<double>(rows) / static_cast<double>(std::max<int64_t>(all, 1));
  return StrCat(what, " ", ProgressBar(share), "  ", WithThousandsCommas(rows), "/",
                WithThousandsCommas(all), " rows");
}

int RunInspect(const StoreFlags& flags) {
  const auto sets = web::ParseMatchParameter(flags.selectors, {});
  if (!sets.ok()) return Fail(sets.status());
  const auto reader = OpenStore(flags);
  if (!reader.ok()) return Fail(reader.status());
  InspectOptions options;
  options.top = static_cast<size_t>(flags.top);
  if (!sets->empty()) {
    options.selects = [&sets](const Labels& labels) { return web::MatchesAny(labels, *sets); };
  }
  ProgressLine line(!flags.is_quiet);
  const auto found = InspectStore(**reader, options, [&line](int64_t rows, int64_t all) {
    if (line.IsDue()) line.Show(Bar("inspecting", rows, all));
  });
  line.Finish();
  if (!found.ok()) return Fail(found.status());
  if (found->unreadable > 0) {
    std::cerr << "warning: " << found->unreadable
              << " values are damaged, and their samples are not counted; see sloburn store "
                 "verify\n";
  }
  std::cout << (flags.output == "json" ? InspectionJson(**reader, *found)
                                       : InspectionText(**reader, *found));
  return kExitOk;
}

int RunVerify(const StoreFlags& flags) {
  const auto reader = OpenStore(flags);
  if (!reader.ok()) return Fail(reader.status());
  ProgressLine line(!flags.is_quiet);
  const VerifiedStore found = VerifyStore(
      **reader,
      [&line](const StoreFinding& finding) {
        line.Finish();
        std::cout << finding.place << ": " << finding.what << "; " << finding.effect << "\n";
      },
      [&line](const VerifyProgress& now) {
        if (line.IsDue()) line.Show(Bar(StrCat("verifying ", now.table), now.rows, now.all));
      });
  line.Finish();
  if (found.quarantined > 0) {
    std::cerr << "note: " << found.quarantined
              << " values were found damaged by a server before; they are in the table "
                 "quarantine and are not served\n";
  }
  if (!flags.is_quiet) {
    std::cerr << "verified " << WithThousandsCommas(found.series) << " series, "
              << WithThousandsCommas(found.chunks) << " chunks, "
              << WithThousandsCommas(found.journal_records) << " journal records, "
              << WithThousandsCommas(found.samples)
              << " samples: " << WithThousandsCommas(found.findings) << " findings\n";
  }
  return found.findings > 0 ? kExitProblems : kExitOk;
}

void AddPathFlags(CLI::App& command, StoreFlags& flags) {
  command.add_option("--storage.path", flags.path, "The folder of the database, as serve has it")
      ->required();
  command.add_flag("--quiet", flags.is_quiet, "No progress bar and no summary");
}

void AddInspect(CLI::App& store, int& exit_code) {
  auto flags = std::make_shared<StoreFlags>();
  CLI::App* const command = store.add_subcommand(
      "inspect", "Series, samples, bytes by codec and the largest label sets of a database");
  AddPathFlags(*command, *flags);
  command->add_option("--top", flags->top, "Entries of each list of labels")
      ->check(WholeNumber(0, kMostTop));
  command->add_option("--output", flags->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("SELECTOR", flags->selectors,
                      "Only series that one of these selects; default all");
  command->footer(
      "Reads only, and may run beside the server.\n"
      "Examples:\n"
      "  sloburn store inspect --storage.path=data\n"
      "  sloburn store inspect --storage.path=data --top=3 --output=json '{job=\"api\"}'");
  command->callback([flags, &exit_code] { exit_code = RunInspect(*flags); });
}

void AddVerify(CLI::App& store, int& exit_code) {
  auto flags = std::make_shared<StoreFlags>();
  CLI::App* const command = store.add_subcommand(
      "verify", "Look for damage: checksums, every chunk against its summary, order, labels");
  AddPathFlags(*command, *flags);
  command->footer(
      "One line for each finding: place, what is wrong, and what the server does with it.\n"
      "Exit code: 0 clean, 1 findings, 2 wrong use or no database that can be read.\n"
      "Reads only, and may run beside the server.\n"
      "Example:\n"
      "  sloburn store verify --storage.path=data");
  command->callback([flags, &exit_code] { exit_code = RunVerify(*flags); });
}

}  // namespace

void AddStoreCommand(CLI::App& app, int& exit_code) {
  CLI::App* const store = app.add_subcommand("store", "The database of --storage.path");
  store->require_subcommand(1);
  AddInspect(*store, exit_code);
  AddVerify(*store, exit_code);
}

}  // namespace sloburn::cli
