// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "cli/commands/commands.h"
#include "cli/exit_status.h"
#include "engine/remote/query_api.h"
#include "rules/slo/report.h"
#include "rules/slo/spec_sloth.h"

namespace sloburn::cli {
namespace {

struct ReportFlags {
  std::vector<std::string> files;
  std::string url = "http://127.0.0.1:9099";
  std::string output = "text";
};

absl::StatusOr<std::vector<rules::SloState>> Evaluate(const ReportFlags& flags) {
  remote::HttpClientOptions options;
  options.url = flags.url;
  ASSIGN_OR_RETURN(const auto client, remote::HttpClient::Create(options));
  remote::QueryApi api(client.get());
  const int64_t now_ms = absl::ToUnixMillis(absl::Now());
  const auto query = [&](const std::string& text) -> absl::StatusOr<QueryValue> {
    ASSIGN_OR_RETURN(remote::QueryAnswer answer, api.Instant(text, now_ms));
    return std::move(answer.value);
  };
  std::vector<rules::SloState> states;
  for (const std::string& file : flags.files) {
    ASSIGN_OR_RETURN(const auto slos, rules::ReadSloFile(file, {}));
    for (const rules::Slo& slo : slos) {
      ASSIGN_OR_RETURN(rules::SloState state, rules::EvaluateSlo(slo, query));
      states.push_back(std::move(state));
    }
  }
  return states;
}

}  // namespace

void AddSloCommand(CLI::App& app, int& exit_code) {
  CLI::App* const slo = app.add_subcommand("slo", "Service level objectives");
  slo->require_subcommand(1);
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* const report = slo->add_subcommand(
      "report", "SLI, error budget, burn rates and projected exhaustion, from a running server");
  report->add_option("FILE", flags->files, "SLO files")->required();
  report->add_option("--url", flags->url, "The server: sloburn, or any Prometheus API");
  report->add_option("--output", flags->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  report->footer("Example:\n  sloburn slo report rules/packs/stoa/slos.yaml");
  report->callback([flags, &exit_code] {
    const auto states = Evaluate(*flags);
    if (!states.ok()) {
      std::cerr << "error: " << states.status().message() << "\n";
      exit_code = kExitProblems;
      return;
    }
    const bool is_coloured = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
    std::cout << (flags->output == "json" ? rules::SloJson(*states)
                                          : rules::SloTable(*states, is_coloured));
  });
}

}  // namespace sloburn::cli
