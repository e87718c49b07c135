// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "base/form_escape.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/commands/commands.h"
#include "cli/commands/query_explain.h"
#include "cli/commands/query_print.h"
#include "cli/exit_status.h"
#include "engine/remote/query_api.h"

namespace sloburn::cli {
namespace {

struct QueryCommandFlags {
  std::string expr;
  std::string url = "http://127.0.0.1:9099";
  std::string time;
  bool explain = false;
};

// Asks and prints. Errors: the server's words.
absl::Status PrintAnswer(remote::HttpClient& client, const std::string& expr, int64_t time_ms) {
  constexpr std::string_view kPath = "/api/v1/query";
  const std::string form = StrCat("query=", FormEscape(expr),
                                  "&time=", remote::FormatSeconds(time_ms));
  ASSIGN_OR_RETURN(const remote::HttpResponse response,
                   client.Post(kPath, form, "application/x-www-form-urlencoded"));
  const auto answer = remote::ParseQueryAnswer(response.body, response.status);
  // What is no answer of this API came from something between: its status says more.
  if (response.status / 100 != 2 && (answer.ok() || absl::IsDataLoss(answer.status()))) {
    return client.ToStatus(response, kPath);
  }
  if (!answer.ok()) {
    return absl::Status(answer.status().code(),
                        StrCat(client.url().Redacted(), kPath, ": ", answer.status().message()));
  }
  ASSIGN_OR_RETURN(const std::string text, PrintResult(response.body));
  for (const std::string& warning : answer->warnings) std::cerr << "warning: " << warning << "\n";
  std::cout << text;
  return absl::OkStatus();
}

int RunQuery(const QueryCommandFlags& flags) {
  int64_t time_ms = absl::ToUnixMillis(absl::Now());
  double seconds = 0;
  if (!flags.time.empty()) {
    if (!absl::SimpleAtod(flags.time, &seconds)) {
      std::cerr << "error: --time: \"" << flags.time << "\" is no Unix time in seconds\n";
      return kExitUsage;
    }
    time_ms = static_cast<int64_t>(seconds * 1000);
  }
  remote::HttpClientOptions options;
  options.url = flags.url;
  const auto client = remote::HttpClient::Create(options);
  if (!client.ok()) {
    std::cerr << "error: " << client.status().message() << "\n";
    return kExitUsage;
  }
  const absl::Status status =
      flags.explain ? ExplainQuery(**client, flags.expr, time_ms, std::cout)
                    : PrintAnswer(**client, flags.expr, time_ms);
  if (!status.ok()) {
    std::cerr << "error: " << status.message() << "\n";
    return kExitProblems;
  }
  return kExitOk;
}

}  // namespace

void AddQueryCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<QueryCommandFlags>();
  CLI::App* const command =
      app.add_subcommand("query", "Ask a running sloburn (or Prometheus) an instant query");
  command->add_option("EXPR", flags->expr, "The PromQL expression")->required();
  command->add_option("--url", flags->url, "The server");
  command->add_option("--time", flags->time, "Unix time in seconds; default now");
  command->add_flag("--explain", flags->explain,
                    "Show how the server evaluates it instead of the result");
  command->footer("Example:\n  sloburn query 'slo:error_budget:remaining_ratio'");
  command->callback([flags, &exit_code] { exit_code = RunQuery(*flags); });
}

}  // namespace sloburn::cli
