// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "cli/commands/commands.h"
#include "cli/demo/traffic.h"
#include "cli/exit_status.h"
#include "cli/version.h"
#include "engine/storage/memory_storage.h"
#include "rules/manager.h"
#include "rules/packs/packs.h"
#include "rules/slo/report.h"
#include "rules/slo/spec_sloth.h"
#include "web/api/api.h"
#include "web/server.h"

namespace sloburn::cli {
namespace {

constexpr int64_t kStepMs = 15'000;
// Long enough for the alerts' `for`.
constexpr absl::Duration kReplayed = absl::Minutes(20);

struct DemoFlags {
  bool once = false;
  std::string output = "text";
  std::string listen_address = "127.0.0.1:9099";
};

class Demo {
 public:
  explicit Demo(const DemoFlags& flags)
      : flags_(flags),
        end_ms_(absl::ToUnixMillis(absl::Now()) / kStepMs * kStepMs),
        clock_(absl::FromUnixMillis(end_ms_)) {
    query_.timeout = absl::Minutes(2);
  }

  absl::Status Run() {
    Say("generating 30 days of gateway traffic at 15 s");
    TrafficOptions traffic;
    traffic.end_ms = end_ms_;
    traffic.step_ms = kStepMs;
    RETURN_IF_ERROR(GenerateTraffic(traffic, storage_));
    const StorageStats stats = storage_.Stats();
    Say(absl::StrFormat("%d series, %.1f million samples", stats.series, stats.samples / 1e6));
    RETURN_IF_ERROR(EvaluatePack());
    RETURN_IF_ERROR(Report());
    return flags_.once ? absl::OkStatus() : Serve();
  }

 private:
  void Say(const std::string& what) const {
    std::cerr << absl::StrFormat("[%5.2fs] ", absl::ToDoubleSeconds(absl::Now() - started_)) << what
              << "\n";
  }

  absl::Status EvaluatePack() {
    rules::ManagerOptions options;
    options.storage = &storage_;
    options.clock = &clock_;
    options.query = query_;
    manager_ = std::make_unique<rules::Manager>(std::move(options));
    rules::RuleConfig config;
    rules::RuleFileOptions file_options;
    file_options.query = query_;
    size_t rules = 0;
    for (const rules::PackFile& file : rules::PackFiles("stoa")) {
      if (!file.is_rules) continue;
      rules::ParsedRuleFile parsed = rules::ParseRuleFile(file.name, file.text, file_options);
      if (!parsed.ok()) return parsed.ToStatus();
      for (const auto& group : parsed.file.groups) rules += group.rules.size();
      config.generated_files.push_back(std::move(parsed.file));
    }
    RETURN_IF_ERROR(manager_->Load(config));
    Say(absl::StrFormat("evaluating the %d rules of the stoa pack over the last %s", rules,
                        absl::FormatDuration(kReplayed)));
    const absl::Time end = absl::FromUnixMillis(end_ms_);
    return manager_->EvaluateSlots(end - kReplayed, end);
  }

  absl::StatusOr<QueryValue> Ask(const std::string& text) const {
    ASSIGN_OR_RETURN(const auto query, engine::Prepare(text, query_));
    ASSIGN_OR_RETURN(auto result, engine::Execute(query, *storage_.TakeSnapshot(),
                                                  TimeRange::Instant(end_ms_), query_));
    return std::move(result.value);
  }

  absl::Status Report() {
    std::vector<rules::SloState> states;
    for (const rules::PackFile& file : rules::PackFiles("stoa")) {
      if (file.is_rules) continue;
      ASSIGN_OR_RETURN(const auto slos, rules::ParseSloFile(file.name, file.text, query_));
      for (const rules::Slo& slo : slos) {
        ASSIGN_OR_RETURN(rules::SloState state,
                         rules::EvaluateSlo(slo, [this](const std::string& q) { return Ask(q); }));
        states.push_back(std::move(state));
      }
    }
    Say("report");
    if (flags_.output == "json") {
      std::cout << rules::SloJson(states);
      return absl::OkStatus();
    }
    const bool is_coloured = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
    std::cout << "\n" << rules::SloTable(states, is_coloured) << "\n";
    PrintAlerts();
    return absl::OkStatus();
  }

  void PrintAlerts() const {
    std::cout << "Alerts:\n";
    int count = 0;
    for (const rules::GroupStatus& group : manager_->Groups()) {
      for (const rules::RuleStatus& rule : group.rules) {
        if (rule.health == rules::RuleHealth::kError) {
          std::cout << "  error    " << rule.name << ": " << rule.last_error << "\n";
        }
        for (const rules::AlertStatus& alert : rule.alerts) {
          ++count;
          std::cout << absl::StrFormat("  %-8s %s since %s\n",
                                       std::string(rules::ToText(alert.state)),
                                       alert.labels.ToString(),
                                       absl::FormatTime("%H:%M:%S", alert.active_at,
                                                        absl::UTCTimeZone()));
        }
      }
    }
    if (count == 0) std::cout << "  none\n";
    std::cout.flush();
  }

  absl::Status Serve() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    web::Dependencies dependencies;
    dependencies.storage = &storage_;
    dependencies.clock = &clock_;
    dependencies.query_options = query_;
    dependencies.rules = manager_.get();
    dependencies.build_info.version = kVersion;
    web::Router router;
    RETURN_IF_ERROR(web::AddApi(router, dependencies));
    web::ServerOptions options;
    options.listen_addresses = {flags_.listen_address};
    ASSIGN_OR_RETURN(const auto server, web::Server::Start(options, router));
    std::cout << "\nServing the Prometheus API on http://" << server->addresses()[0]
              << " until ^C, for example:\n  curl 'http://" << server->addresses()[0]
              << "/api/v1/query?query=slo:error_budget:remaining_ratio&time=" << end_ms_ / 1000
              << "'\n"
              << std::flush;
    int signal = 0;
    sigwait(&signals, &signal);
    return server->Stop(absl::Seconds(5));
  }

  const DemoFlags flags_;
  const int64_t end_ms_;
  const absl::Time started_ = absl::Now();
  FakeClock clock_;  // stands at the end of the data
  engine::QueryOptions query_;
  MemoryStorage storage_;
  std::unique_ptr<rules::Manager> manager_;
};

}  // namespace

void AddDemoCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<DemoFlags>();
  CLI::App* const command = app.add_subcommand(
      "demo", "30 days of generated gateway traffic, the stoa rule pack, its SLO report");
  command->add_flag("--once", flags->once, "Exit after the report");
  command->add_option("--output", flags->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--web.listen-address", flags->listen_address, "HOST:PORT to serve on");
  command->footer("Example:\n  sloburn demo --once");
  command->callback([flags, &exit_code] {
    SetLogOptions(LogLevel::kError, LogFormat::kLogfmt);
    const absl::Status status = Demo(*flags).Run();
    if (status.ok()) return;
    std::cerr << "error: " << status.message() << "\n";
    exit_code = kExitProblems;
  });
}

}  // namespace sloburn::cli
