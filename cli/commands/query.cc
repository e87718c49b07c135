// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "base/float_text.h"
#include "cli/commands/commands.h"
#include "cli/commands/query_explain.h"
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

std::string Seconds(int64_t ms) { return remote::FormatSeconds(ms); }

void PrintValue(const QueryValue& value) {
  if (const auto* scalar = std::get_if<ScalarResult>(&value)) {
    std::cout << "scalar: " << FormatFloatG(scalar->value) << " @[" << Seconds(scalar->timestamp_ms)
              << "]\n";
  } else if (const auto* text = std::get_if<StringResult>(&value)) {
    std::cout << text->value << "\n";
  } else if (const auto* vector = std::get_if<InstantVector>(&value)) {
    for (const SeriesSample& sample : *vector) {
      std::cout << sample.labels.ToString() << " => " << FormatFloatG(sample.value) << " @["
                << Seconds(sample.timestamp_ms) << "]\n";
    }
  } else {
    for (const SeriesSamples& series : std::get<Matrix>(value)) {
      std::cout << series.labels.ToString() << " =>\n";
      for (const Sample& sample : series.samples) {
        std::cout << FormatFloatG(sample.value) << " @[" << Seconds(sample.timestamp_ms) << "]\n";
      }
    }
  }
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
  if (flags.explain) {
    const absl::Status status = ExplainQuery(**client, flags.expr, time_ms, std::cout);
    if (status.ok()) return kExitOk;
    std::cerr << "error: " << status.message() << "\n";
    return kExitProblems;
  }
  const auto answer = remote::QueryApi(client->get()).Instant(flags.expr, time_ms);
  if (!answer.ok()) {
    std::cerr << "error: " << answer.status().message() << "\n";
    return kExitProblems;
  }
  for (const std::string& warning : answer->warnings) std::cerr << "warning: " << warning << "\n";
  PrintValue(answer->value);
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
