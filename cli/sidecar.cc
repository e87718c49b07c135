// SPDX-License-Identifier: Apache-2.0
#include "cli/sidecar.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "cli/config_text.h"
#include "cli/notifier_config.h"
#include "cli/notifier_metrics.h"
#include "cli/sidecar_metrics.h"
#include "cli/version.h"
#include "cli/web_config_file.h"
#include "parser/printer.h"
#include "rules/selector_union.h"
#include "rules/slo/slo_files.h"
#include "web/api/api.h"

namespace sloburn::cli {
namespace {

constexpr absl::Duration kShutdownGrace = absl::Seconds(10);
// How many pulls may fail before the figures of SLOs are called old.
constexpr int kLatePulls = 3;
// Kept beyond the retention: the newest sample may be younger than a tick, and a window as long as
// the retention is to be whole at that tick.
constexpr absl::Duration kRetentionSlack = absl::Hours(1);

// How long files must stay as they are before a change of them is taken.
constexpr absl::Duration kSettleTime = absl::Seconds(1);

// A series that ended shows for no longer than this in what rules read between their ticks.
constexpr absl::Duration kLongestPullInterval = absl::Minutes(1);

constexpr absl::Duration kQuerySlack = absl::Seconds(10);

template <typename Options>
Options WithSlack(Options options) {
  options.retention += kRetentionSlack;
  return options;
}

}  // namespace

Sidecar::Sidecar(SidecarOptions options)
    : options_(std::move(options)),
      storage_(WithSlack(options_.storage)),
      metadata_(options_.max_metadata),
      outbox_(storage_, options_.outbox),
      writers_(outbox_, options_.drain),
      notifier_(options_.notifier) {}

Sidecar::~Sidecar() { Stop(); }

absl::StatusOr<std::unique_ptr<Sidecar>> Sidecar::Create(SidecarOptions options) {
  std::unique_ptr<Sidecar> sidecar(new Sidecar(std::move(options)));
  {
    absl::MutexLock lock(&sidecar->reload_mutex_);
    sidecar->tried_digest_ = sidecar->CurrentDigest();  // before: what comes later is a change
  }
  ASSIGN_OR_RETURN(const Config config, sidecar->ReadConfig());
  if (!sidecar->options_.web_config_file.empty()) {
    ASSIGN_OR_RETURN(sidecar->security_, web::WebSecurity::Open(sidecar->options_.web_config_file,
                                                                ParseWebConfig,
                                                                sidecar->options_.security_limits));
  }
  const std::vector<std::string>& addresses = sidecar->options_.server.listen_addresses;
  ASSIGN_OR_RETURN(
      sidecar->external_,
      ComputeExternalUrl(sidecar->options_.external_url, sidecar->options_.route_prefix,
                         addresses.empty() ? "" : addresses.front(), sidecar->uses_tls()));
  RETURN_IF_ERROR(sidecar->OpenStorage());
  sidecar->source_config_ = config.source;
  RETURN_IF_ERROR(sidecar->CreateSource());
  rules::ManagerOptions manager;
  manager.storage = &sidecar->storage_;
  manager.clock = &sidecar->clock_;
  manager.query = sidecar->options_.query;
  manager.query.threads = 1;  // groups run beside each other
  manager.gap_repair = sidecar->options_.gap_repair;
  manager.max_concurrent_rules = sidecar->options_.max_concurrent_rules;
  manager.rule_files.templates = sidecar->options_.templates;
  manager.restore = sidecar->options_.restore;
  manager.restore->history = sidecar->alert_history_.get();
  if (sidecar->durable_ != nullptr) {
    manager.keeps_state = true;
    manager.stored_state = sidecar->durable_->TakeValues();
  }
  manager.alerts = &sidecar->notifier_;
  manager.resend_delay = sidecar->options_.resend_delay;
  manager.external_url = sidecar->external_.url;
  manager.coverage = sidecar->source_.get();
  manager.source = sidecar->source_.get();
  sidecar->manager_ = std::make_unique<rules::Manager>(std::move(manager));
  RETURN_IF_ERROR(sidecar->Apply(config));
  return sidecar;
}

absl::StatusOr<Config> Sidecar::ReadConfig() const {
  if (options_.config_file.empty()) return Config();
  return LoadConfigFile(options_.config_file);
}

std::string Sidecar::CurrentDigest() const {
  if (options_.auto_reload_interval <= absl::ZeroDuration()) return "";
  const absl::StatusOr<Config> config = ReadConfig();
  const std::vector<std::string> patterns = config.ok() ? PatternsOf(*config) : Active()->patterns;
  return DigestFiles(options_.config_file, patterns);
}

absl::Duration Sidecar::LookForChange() {
  const absl::Duration interval = options_.auto_reload_interval;
  const std::string digest = CurrentDigest();
  {
    absl::MutexLock lock(&reload_mutex_);
    if (digest == tried_digest_) {
      young_digest_.clear();
      return interval;
    }
    // Files that are being written are left alone until two looks see the same.
    if (digest != std::exchange(young_digest_, digest)) return std::min(interval, kSettleTime);
  }
  Log(LogLevel::kInfo, "Configuration file change detected, reloading the configuration.");
  Reload().IgnoreError();  // logged there; tried again when the files change again
  return interval;
}

absl::Status Sidecar::OpenStorage() {
  storage_.SetOutbox(&outbox_);
  if (options_.storage_path.empty()) {
    Log(LogLevel::kInfo, "Samples are kept in memory only; --storage.path keeps them on disk");
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(durable_, DurableStorage::Open(options_.storage_path + "/sloburn.db",
                                                  WithSlack(options_.durable), storage_));
  outbox_.Restore(durable_->TakeOutbox(), durable_.get());
  for (const std::string& problem : durable_->problems()) Log(LogLevel::kError, problem);
  const StorageStats stats = storage_.Stats();
  Log(LogLevel::kInfo, "The store is open",
      {{"path", options_.storage_path},
       {"series", absl::StrCat(stats.series)},
       {"samples", absl::StrCat(stats.samples)},
       {"duration", absl::FormatDuration(durable_->Stats().open_time)}});
  return absl::OkStatus();
}

absl::Status Sidecar::CreateSource() {
  if (source_config_.url.empty()) return absl::OkStatus();
  SourceFeedOptions options;
  options.storage = &storage_;
  options.clock = &clock_;
  options.lookback = options_.query.lookback_delta;
  options.shows_progress = options_.shows_progress;
  options.coverage = durable_.get();
  options.max_samples_per_second =
      options_.source_samples_per_second.value_or(source_config_.max_samples_per_second);
  ASSIGN_OR_RETURN(source_, SourceFeed::Create(source_config_, options));
  ASSIGN_OR_RETURN(alert_history_,
                   SourceAlertHistory::Create(source_config_,
                                              [this] { return Active()->external_labels; }));
  return absl::OkStatus();
}

// All that can fail comes first: what is in force changes only when everything is good.
absl::Status Sidecar::Apply(const Config& config) {
  rules::SloFileOptions slo_options;
  slo_options.query = options_.query;
  ASSIGN_OR_RETURN(std::vector<rules::Slo> slos,
                   rules::ReadSloFiles(config.slo_files, slo_options));
  ASSIGN_OR_RETURN(RemoteWriters::Change writers, writers_.Prepare(config));
  ASSIGN_OR_RETURN(const rules::NotifierConfig alerting, ToNotifierConfig(config));
  ASSIGN_OR_RETURN(rules::Notifier::Change alertmanagers, notifier_.Prepare(alerting));
  rules::RuleConfig rules;
  rules.file_patterns = config.rule_files;
  rules.evaluation_interval = config.global.evaluation_interval;
  rules.query_offset = config.global.rule_query_offset;
  rules.external_labels = config.global.external_labels;
  RETURN_IF_ERROR(manager_->Load(rules));

  writers_.Install(std::move(writers));
  notifier_.Install(std::move(alertmanagers));
  auto active =
      std::make_shared<const ActiveConfig>(MakeActiveConfig(config, std::move(slos), clock_.Now()));
  {
    absl::MutexLock lock(&active_mutex_);
    active_ = std::move(active);
  }
  UpdateDemand();
  return absl::OkStatus();
}

std::shared_ptr<const ActiveConfig> Sidecar::Active() const {
  absl::MutexLock lock(&active_mutex_);
  return active_;
}

void Sidecar::UpdateDemand() {
  if (source_ == nullptr) return;
  rules::SelectorUnion all;
  for (const auto& selector : manager_->Selectors()) all.Add(selector, 0);
  const auto active = Active();
  const auto of_slos = rules::SelectorsOf(*active->slos, options_.query);
  for (const auto& selector : of_slos) all.Add(selector, 0);
  SourceDemand demand;
  demand.selectors = all.Take();
  demand.groups = manager_->Series();
  demand.pull_interval = std::min(active->evaluation_interval, kLongestPullInterval);
  {
    absl::MutexLock lock(&slo_demand_mutex_);
    slo_demand_ = MakeSloDemand(of_slos, demand.groups);
  }
  source_->SetDemand(demand);
}

rules::SloInput Sidecar::Slos() const {
  rules::SloInput input;
  const auto active = Active();
  SloDemand demand;
  {
    absl::MutexLock lock(&slo_demand_mutex_);
    demand = slo_demand_;
  }
  input.slos = active->slos;
  if (source_ == nullptr) return input;
  input.coverage = source_.get();
  const int64_t covered_to_ms = source_->CoveredTo(demand.selectors);
  if (covered_to_ms == 0) return input;
  input.complete_to_ms = covered_to_ms;
  const absl::Time complete_to = absl::FromUnixMillis(covered_to_ms);
  if (clock_.Now() - complete_to > kLatePulls * active->evaluation_interval + demand.delay) {
    const absl::Status error = source_->Stats().last_error;
    input.warnings.push_back(absl::StrCat(
        "the figures are as of ", absl::FormatTime(complete_to, absl::UTCTimeZone()),
        ", when source ", source_->url(), " was last read completely",
        error.ok() ? "" : absl::StrCat(": ", std::string(error.message()))));
  }
  return input;
}

web::ReadyState Sidecar::Ready() const {
  web::ReadyState state;
  state.is_stopping = stop_;
  if (source_ == nullptr) return state;
  state.reason = source_->WhyNotReady();
  state.is_ready = state.reason.empty();
  return state;
}

web::RuntimeInfo Sidecar::Runtime() const {
  web::RuntimeInfo info;
  info.start_time = start_time_;
  std::error_code unknown;
  info.working_directory = std::filesystem::current_path(unknown).string();
  char hostname[256] = "";
  gethostname(hostname, sizeof hostname - 1);
  info.hostname = hostname;
  info.reload_succeeded = last_reload_ok_;
  info.last_reload = Active()->loaded_at;
  const absl::Duration retention = options_.storage.retention;
  if (retention < absl::InfiniteDuration()) {
    info.storage_retention = parser::FormatDuration(absl::ToInt64Milliseconds(retention));
  }
  return info;
}

void Sidecar::ConnectStatus() {
  dependencies_.alertmanagers = [this] { return Active()->alertmanagers; };
  dependencies_.runtime_info = [this] { return Runtime(); };
  dependencies_.flags = [this] { return options_.flags; };
  dependencies_.config_yaml = [this] { return Active()->text; };
}

void Sidecar::CollectMetrics(std::vector<web::MetricFamily>& families) const {
  AddStorageMetrics(storage_.Stats(), families);
  if (durable_ != nullptr) AddDurableMetrics(durable_->Stats(), families);
  AddRuleMetrics(manager_->Metrics(), manager_->Durations(), families);
  for (const auto& [name, stats] : writers_.Stats()) AddWriterMetrics(name, stats, families);
  AddNotifierMetrics(notifier_, Active()->alertmanagers.active.size(), families);
  if (source_ != nullptr) AddSourceMetrics(source_->Stats(), families);
  AddReloadMetrics(last_reload_ok_, Active()->loaded_at, families);
  if (security_ != nullptr) AddWebConfigMetrics(security_->last_reload_succeeded(), families);
  if (server_ != nullptr) server_->CollectMetrics(families);
}

absl::Status Sidecar::Start() {
  dependencies_.storage = &storage_;
  dependencies_.clock = &clock_;
  dependencies_.metadata = &metadata_;
  dependencies_.query_options = options_.query;
  dependencies_.rules = manager_.get();
  dependencies_.slos = [this] { return Slos(); };
  dependencies_.ready = [this] { return Ready(); };
  dependencies_.reload = [this] { return Reload(); };
  dependencies_.enable_lifecycle = options_.enable_lifecycle;
  dependencies_.cors_origin = options_.cors_origin;
  dependencies_.enable_remote_write_receiver =
      options_.enable_remote_write_receiver || options_.config_file.empty();
  dependencies_.accepted_write_messages = options_.accepted_write_messages;
  dependencies_.read_limits = options_.read_limits;
  dependencies_.write_limits = options_.write_limits;
  dependencies_.max_response_bytes = options_.max_response_bytes;
  dependencies_.max_points_per_series = options_.max_points_per_series;
  dependencies_.external_labels = [this] { return Active()->external_labels; };
  dependencies_.build_info.version = kVersion;
  ConnectStatus();
  dependencies_.metrics.push_back(
      [this](std::vector<web::MetricFamily>& families) { CollectMetrics(families); });
  router_.SetPrefix(external_.route_prefix);
  RETURN_IF_ERROR(web::AddApi(router_, dependencies_));
  web::ServerOptions server = options_.server;
  server.security = security_;
  // A query ends by its own limit, and says so.
  server.request_timeout =
      std::max(server.request_timeout, options_.query.timeout + kQuerySlack);
  ASSIGN_OR_RETURN(server_, web::Server::Start(std::move(server), router_));
  if (source_ != nullptr) source_->Start();
  manager_->Start();
  const absl::Duration interval = options_.auto_reload_interval;
  if (interval > absl::ZeroDuration() && !options_.config_file.empty()) {
    watcher_ = std::make_unique<ConfigWatcher>(interval, [this] { return LookForChange(); });
  }
  return absl::OkStatus();
}

// A file that is being written is empty for a moment.
absl::Status Sidecar::CheckNotEmptied(const Config& config) const {
  if (!config.is_empty || Active()->text == ToYaml(config)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      options_.config_file,
      ": the file is empty, which would end all that runs; write `global: {}` where that is meant"));
}

absl::Status Sidecar::Reload() {
  absl::MutexLock lock(&reload_mutex_);
  if (stop_) return absl::CancelledError("sloburn is stopping");
  tried_digest_ = CurrentDigest();
  const auto load = [this]() -> absl::Status {
    ASSIGN_OR_RETURN(const Config config, ReadConfig());
    RETURN_IF_ERROR(CheckNotEmptied(config));
    if (config.source != source_config_) {
      return absl::FailedPreconditionError(absl::StrCat(
          options_.config_file,
          ": source has changed, which only a restart can apply, because the history in memory "
          "belongs to the source; restart sloburn, or put the old source back"));
    }
    return Apply(config);
  };
  const absl::Status status = load();
  last_reload_ok_ = status.ok();
  if (status.ok()) {
    Log(LogLevel::kInfo, "Configuration is reloaded", {{"filename", options_.config_file}});
  } else {
    Log(LogLevel::kError, "Reload failed; the old configuration stays in force",
        {{"err", std::string(status.message())}});
  }
  return status;
}

void Sidecar::Stop() {
  if (stop_.exchange(true)) return;
  watcher_.reset();
  if (source_ != nullptr) source_->Stop();
  if (alert_history_ != nullptr) alert_history_->Cancel();
  {
    // A reload that came by HTTP must not start writers after these are stopped.
    absl::MutexLock lock(&reload_mutex_);
    if (manager_ != nullptr) manager_->Stop();
    std::thread alerts([this] { notifier_.Stop(); });  // beside the writers
    writers_.Stop();
    alerts.join();
  }
  if (server_ != nullptr) {
    const absl::Status status = server_->Stop(kShutdownGrace);
    if (!status.ok()) Log(LogLevel::kWarn, std::string(status.message()));
  }
  if (durable_ != nullptr) {
    const absl::Status status = durable_->Close();
    if (!status.ok()) Log(LogLevel::kError, "Closing the store", {{"err", status.ToString()}});
  }
}

}  // namespace sloburn::cli
