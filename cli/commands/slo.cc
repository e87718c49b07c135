// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "cli/commands/commands.h"
#include "cli/exit_status.h"
#include "engine/remote/query_api.h"
#include "rules/slo/report.h"
#include "rules/slo/slo_answer.h"
#include "rules/slo/spec_sloth.h"

namespace sloburn::cli {
namespace {

constexpr const char* kSlosPath = "/api/v1/slos";
// The server may take its --query.timeout, by default 2 minutes.
constexpr absl::Duration kServerTimeout = absl::Minutes(3);
constexpr size_t kMaxAnswerBytes = 64 << 20;

struct ReportFlags {
  std::vector<std::string> files;
  std::string url = "http://127.0.0.1:9099";
  std::string output = "text";
};

// Evaluates the SLOs of the files with queries to the server.
absl::StatusOr<rules::SloAnswer> EvaluateFiles(const std::vector<std::string>& files,
                                               remote::HttpClient& client) {
  remote::QueryApi api(&client);
  const int64_t now_ms = absl::ToUnixMillis(absl::Now());
  const auto query = [&](const std::string& text) -> absl::StatusOr<QueryValue> {
    ASSIGN_OR_RETURN(remote::QueryAnswer answer, api.Instant(text, now_ms));
    return std::move(answer.value);
  };
  rules::SloAnswer result;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const auto slos, rules::ReadSloFile(file, {}));
    for (const rules::Slo& slo : slos) {
      ASSIGN_OR_RETURN(rules::SloState state, rules::EvaluateSlo(slo, query));
      result.states.push_back(std::move(state));
    }
  }
  return result;
}

// How servers that do not have the path answer: Prometheus 404, VictoriaMetrics 400, others with a
// page of their own.
bool IsUnknownPath(int status) {
  return status / 100 == 2 || status == 400 || status == 404 || status == 405 || status == 501;
}

// What the server says about the SLO files of its own configuration.
absl::StatusOr<rules::SloAnswer> AskServer(remote::HttpClient& client) {
  const std::string place = absl::StrCat(client.url().Redacted(), kSlosPath);
  ASSIGN_OR_RETURN(const remote::HttpResponse response, client.Get(kSlosPath));
  absl::StatusOr<rules::SloAnswer> answer = rules::ParseSloAnswer(response.body);
  if (absl::IsNotFound(answer.status()) && IsUnknownPath(response.status)) {
    return absl::NotFoundError(absl::StrCat(
        place, ": no SLOs here (HTTP ", response.status,
        "): the server is no sloburn, or one without this endpoint; to evaluate SLO files over any "
        "Prometheus API, name them: sloburn slo report FILE --url=URL"));
  }
  if (response.status / 100 != 2) {
    if (!absl::IsFailedPrecondition(answer.status())) return client.ToStatus(response, kSlosPath);
    return absl::FailedPreconditionError(
        absl::StrCat(place, ": ", std::string(answer.status().message())));
  }
  if (answer->states.empty()) {
    return absl::NotFoundError(absl::StrCat(
        place,
        ": the server has no SLOs: name their files under slo_files in its configuration, "
        "or here: sloburn slo report FILE"));
  }
  return answer;
}

absl::StatusOr<rules::SloAnswer> Report(const ReportFlags& flags) {
  remote::HttpClientOptions options;
  options.url = flags.url;
  options.total_timeout = options.idle_timeout = kServerTimeout;
  options.max_response_bytes = kMaxAnswerBytes;
  ASSIGN_OR_RETURN(const auto client, remote::HttpClient::Create(options));
  return flags.files.empty() ? AskServer(*client) : EvaluateFiles(flags.files, *client);
}

}  // namespace

void AddSloCommand(CLI::App& app, int& exit_code) {
  CLI::App* const slo = app.add_subcommand("slo", "Service level objectives");
  slo->require_subcommand(1);
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* const report = slo->add_subcommand(
      "report", "SLI, error budget, burn rates and projected exhaustion, from a running server");
  report->add_option("FILE", flags->files,
                     "SLO files to evaluate over the server's query API; without any, the server's "
                     "own slo_files");
  report->add_option("--url", flags->url,
                     "The server: sloburn; with FILE, also any Prometheus API");
  report->add_option("--output", flags->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  report->footer(
      "Examples:\n"
      "  sloburn slo report\n"
      "  sloburn slo report rules/packs/stoa/slos.yaml --url=http://127.0.0.1:9090");
  report->callback([flags, &exit_code] {
    const auto answer = Report(*flags);
    if (!answer.ok()) {
      std::cerr << "error: " << answer.status().message() << "\n";
      exit_code = kExitProblems;
      return;
    }
    for (const std::string& warning : answer->warnings) {
      std::cerr << "warning: " << warning << "\n";
    }
    const bool is_coloured = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
    std::cout << (flags->output == "json" ? rules::SloJson(answer->states)
                                          : rules::SloTable(answer->states, is_coloured));
  });
}

}  // namespace sloburn::cli
