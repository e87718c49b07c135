// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "cli/commands/commands.h"
#include "cli/commands/flag_checks.h"
#include "cli/commands/query_flags.h"
#include "cli/commands/rule_flags.h"
#include "cli/commands/web_flags.h"
#include "cli/exit_status.h"
#include "cli/sidecar.h"
#include "engine/remote/write_message.h"
#include "web/cross_origin.h"

namespace sloburn::cli {
namespace {

constexpr char kSourcePaceFlag[] = "--source.max-samples-per-second";

struct ServeFlags {
  const CLI::App* command = nullptr;
  std::string config_file;
  bool auto_reload = false;
  std::string auto_reload_interval = "30s";
  WebFlags web;
  RuleFlags rules;
  bool enable_lifecycle = false;
  std::string cors_origin = ".*";
  bool enable_receiver = false;
  std::vector<std::string> accepted_messages = {
      std::string(remote::WriteMessageName(remote::WriteMessage::kVersion1)),
      std::string(remote::WriteMessageName(remote::WriteMessage::kVersion2))};
  size_t max_series = 1'000'000;
  size_t max_metadata = 100'000;
  std::string retention = "0";
  std::string out_of_order_window = "30m";
  std::string storage_path;
  std::string sync = "interval";
  uint64_t retention_bytes = 0;
  uint64_t outbox_bytes = 256 << 20;
  int64_t source_samples_per_second = 0;
  int64_t read_sample_limit = 50'000'000;
  int read_concurrent_limit = 10;
  int64_t read_max_bytes_in_frame = 1 << 20;
  std::string log_level = "info";
  std::string log_format = "logfmt";
  QueryFlags query;
};

LogLevel ToLogLevel(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warn") return LogLevel::kWarn;
  if (name == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

// Signals are taken by sigwait in this thread; all others are started with them blocked.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is a full disk, not an end
  return signals;
}

// Every flag with its value, as /api/v1/status/flags tells it.
std::vector<std::pair<std::string, std::string>> FlagValues(const CLI::App& command) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_lnames().empty() || option->get_lnames()[0] == "help") continue;
    std::string value = option->get_default_str();
    // CLI11 shows lists in brackets.
    if (value.starts_with('[')) value = value.substr(1, value.size() - 2);
    if (option->count() > 0) value = absl::StrJoin(option->results(), ",");
    if (value.empty() && option->get_expected_max() == 0) value = "false";
    values.emplace_back(option->get_lnames()[0], std::move(value));
  }
  std::sort(values.begin(), values.end());
  return values;
}

absl::Status CheckCorsOrigin(const std::string& pattern) {
  const absl::Status status = web::CorsFinisher(pattern).status();
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("--web.cors.origin: could not compile \"", pattern,
                                                 "\": ", status.message()));
}

absl::StatusOr<std::vector<remote::WriteMessage>> AcceptedMessages(
    const std::vector<std::string>& names) {
  auto messages = remote::ParseWriteMessages(names);
  if (messages.ok()) return messages;
  return absl::InvalidArgumentError(
      absl::StrCat("--web.remote-write-receiver.accepted-protobuf-messages: ",
                   messages.status().message()));
}

// Zero: files are not watched.
absl::StatusOr<absl::Duration> AutoReloadInterval(const ServeFlags& flags) {
  ASSIGN_OR_RETURN(const absl::Duration interval,
                   ParseDurationFlag("--config.auto-reload-interval", flags.auto_reload_interval));
  const auto& features = flags.query.features;
  const bool is_on = flags.auto_reload || std::find(features.begin(), features.end(),
                                                    "auto-reload-config") != features.end();
  // As in Prometheus, a second is the least.
  return is_on ? std::max(interval, absl::Seconds(1)) : absl::ZeroDuration();
}

int Serve(const ServeFlags& flags) {
  SetLogOptions(ToLogLevel(flags.log_level),
                flags.log_format == "json" ? LogFormat::kJson : LogFormat::kLogfmt);
  const sigset_t signals = BlockSignals();
  SidecarOptions options;
  options.config_file = flags.config_file;
  options.server.query_threads = flags.query.max_concurrency;
  const auto reload = AutoReloadInterval(flags);
  options.auto_reload_interval = reload.value_or(absl::ZeroDuration());
  options.enable_lifecycle = flags.enable_lifecycle;
  options.cors_origin = flags.cors_origin;
  options.enable_remote_write_receiver = flags.enable_receiver;
  options.server.read_threads = flags.read_concurrent_limit;
  options.read_limits.max_samples = flags.read_sample_limit;
  options.read_limits.max_bytes_in_frame = flags.read_max_bytes_in_frame;
  if (flags.command->count(kSourcePaceFlag) > 0) {
    options.source_samples_per_second = flags.source_samples_per_second;
  }
  options.storage.max_series = flags.max_series;
  options.max_metadata = flags.max_metadata;
  options.flags = FlagValues(*flags.command);
  options.shows_progress = isatty(STDERR_FILENO) != 0;
  const auto query = flags.query.ToOptions();
  const auto retention = ParseDurationFlag("--storage.retention.time", flags.retention);
  const auto late = ParseDurationFlag("--storage.out-of-order-window", flags.out_of_order_window);
  const auto messages = AcceptedMessages(flags.accepted_messages);
  const absl::Status web = flags.web.ApplyTo(options), rules = flags.rules.ApplyTo(options);
  for (const absl::Status& status : {query.status(), web, rules, reload.status(),
                                     retention.status(), late.status(),
                                     messages.status(), CheckCorsOrigin(flags.cors_origin)}) {
    if (status.ok()) continue;
    std::cerr << "error: " << status.message() << "\n";
    return kExitUsage;
  }
  options.query = *query;
  options.accepted_write_messages = *messages;
  if (*retention > absl::ZeroDuration()) options.storage.retention = *retention;
  options.storage.out_of_order_window = *late;
  options.outbox.max_bytes = static_cast<int64_t>(flags.outbox_bytes);
  options.storage_path = flags.storage_path;
  options.durable.sync = flags.sync == "commit" ? StorageSync::kCommit
                         : flags.sync == "off"  ? StorageSync::kOff
                                                : StorageSync::kInterval;
  options.durable.retention = options.storage.retention;
  options.durable.retention_bytes = static_cast<int64_t>(flags.retention_bytes);

  auto sidecar = Sidecar::Create(std::move(options));
  if (!sidecar.ok()) {
    std::cerr << "error: " << sidecar.status().message() << "\n";
    return kExitUsage;
  }
  const absl::Status started = (*sidecar)->Start();
  if (!started.ok()) {
    std::cerr << "error: " << started.message() << "\n";
    return kExitProblems;
  }
  for (const std::string& address : (*sidecar)->addresses()) {
    Log(LogLevel::kInfo, "Listening",
        {{"address", address}, {"tls", (*sidecar)->uses_tls() ? "true" : "false"}});
  }
  while (true) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal != SIGHUP) break;
    (*sidecar)->Reload().IgnoreError();  // logged there; the old configuration stays
  }
  Log(LogLevel::kInfo, "Stopping");
  (*sidecar)->Stop();
  return kExitOk;
}

void AddStorageFlags(CLI::App& command, ServeFlags& flags) {
  command.add_option("--storage.retention.time", flags.retention,
                     "Forget samples that are older than this; 0 keeps all");
  command.add_option("--storage.path", flags.storage_path,
                     "A folder to keep samples in; without, they are kept in memory only");
  command.add_option("--storage.sync", flags.sync,
                     "When commits are forced to the disk: commit, interval (each second) or off")
      ->check(CLI::IsMember({"commit", "interval", "off"}));
  command.add_option("--storage.retention.size", flags.retention_bytes,
                     "Forget the oldest chunks where the database grows above this; 0: no limit")
      ->transform(CLI::AsSizeValue(false));
  command.add_option("--storage.outbox.max-bytes", flags.outbox_bytes,
                     "What waits for remote write, at most; where it is more, the oldest is dropped")
      ->transform(CLI::AsSizeValue(false));
  command.add_option("--storage.out-of-order-window", flags.out_of_order_window,
                     "Accept samples this far behind the newest of all; 0 refuses late ones");
}

void AddSourceFlags(CLI::App& command, ServeFlags& flags) {
  command
      .add_option(kSourcePaceFlag, flags.source_samples_per_second,
                  "Samples of history taken from the source per second, on average; 0: no limit. "
                  "Stands above source.max_samples_per_second of the configuration")
      ->check(WholeNumber(0));
}

void AddRemoteReadFlags(CLI::App& command, ServeFlags& flags) {
  command
      .add_option("--storage.remote.read-sample-limit", flags.read_sample_limit,
                  "Samples that a query of remote read may return where it does not stream; 0: no "
                  "limit")
      ->check(WholeNumber(0));
  command
      .add_option("--storage.remote.read-concurrent-limit", flags.read_concurrent_limit,
                  "Remote reads answered at once; others wait")
      ->check(WholeNumber(1, 1000));
  command
      .add_option("--storage.remote.read-max-bytes-in-frame", flags.read_max_bytes_in_frame,
                  "Bytes after which a frame of streamed remote read ends")
      ->check(WholeNumber(1, 1 << 30));
}

}  // namespace

void AddServeCommand(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* const command =
      app.add_subcommand("serve", "Evaluate rules beside a Prometheus and answer its HTTP API");
  flags->command = command;
  command->add_option("--config.file", flags->config_file,
                      "Configuration file; without it an empty engine that receives remote write");
  command->add_flag("--config.auto-reload", flags->auto_reload,
                    "Reload when the configuration, a rule file or an SLO file has changed");
  command->add_option("--config.auto-reload-interval", flags->auto_reload_interval,
                      "How often --config.auto-reload looks; at least 1s");
  flags->web.AddTo(*command);
  command->add_option("--web.cors.origin", flags->cors_origin,
                      "Regular expression of origins whose pages may read answers; ^$ fits none");
  command->add_flag("--web.enable-lifecycle", flags->enable_lifecycle, "Allow POST /-/reload");
  command->add_flag("--web.enable-remote-write-receiver", flags->enable_receiver,
                    "Accept POST /api/v1/write");
  command
      ->add_option("--web.remote-write-receiver.accepted-protobuf-messages",
                   flags->accepted_messages,
                   "Message of remote write that is accepted; may be repeated: "
                   "prometheus.WriteRequest, io.prometheus.write.v2.Request")
      ->allow_extra_args(false);
  command->add_option("--storage.max-series", flags->max_series, "Series in the store")
      ->check(WholeNumber(1));
  command
      ->add_option("--storage.max-metadata", flags->max_metadata,
                   "Metrics whose type, help and unit are kept; 0 keeps none")
      ->check(WholeNumber(0));
  AddStorageFlags(*command, *flags);
  AddSourceFlags(*command, *flags);
  flags->rules.AddTo(*command);
  AddRemoteReadFlags(*command, *flags);
  command->add_option("--log.level", flags->log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  command->add_option("--log.format", flags->log_format, "logfmt or json")
      ->check(CLI::IsMember({"logfmt", "json"}));
  flags->query.AddTo(*command);
  command->footer(
      "Examples:\n"
      "  sloburn serve --config.file=sloburn.yml\n"
      "  sloburn serve --web.listen-address=127.0.0.1:9099");
  command->callback([flags, &exit_code] { exit_code = Serve(*flags); });
}

}  // namespace sloburn::cli
