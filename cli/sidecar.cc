// SPDX-License-Identifier: Apache-2.0
#include "cli/sidecar.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "cli/http_options.h"
#include "cli/sidecar_metrics.h"
#include "cli/version.h"
#include "parser/printer.h"
#include "web/api/api.h"

namespace sloburn::cli {
namespace {

constexpr absl::Duration kHistoryRetry = absl::Seconds(5);
constexpr absl::Duration kShutdownGrace = absl::Seconds(10);

remote::SyncMode ToSyncMode(SourceMode mode) {
  switch (mode) {
    case SourceMode::kRemoteRead: return remote::SyncMode::kRemoteRead;
    case SourceMode::kQuery: return remote::SyncMode::kQueryApi;
    case SourceMode::kAuto: break;
  }
  return remote::SyncMode::kAuto;
}

// Whether a selector can only find series that the loaded rules write themselves.
bool ReadsOnlyOwnSeries(const Matchers& matchers, const std::set<std::string>& written) {
  for (const Matcher& matcher : matchers) {
    if (matcher.name() == kMetricName && matcher.type() == parser::MatchType::kEqual) {
      return written.count(matcher.value()) > 0;
    }
  }
  return false;
}

void ShowProgress(const remote::SyncProgress& progress) {
  constexpr int kWidth = 30;
  const int filled = static_cast<int>(progress.fraction * kWidth);
  std::fprintf(stderr, "\rloading history [%s%s] %3.0f%%  %lld samples ",
               std::string(filled, '#').c_str(), std::string(kWidth - filled, '.').c_str(),
               progress.fraction * 100, static_cast<long long>(progress.samples));
  if (progress.fraction >= 1) std::fputc('\n', stderr);
}

}  // namespace

class Sidecar::SourceAdapter : public rules::Coverage, public rules::SourcePull {
 public:
  explicit SourceAdapter(remote::Sync* sync) : sync_(sync) {}

  void SetWritten(std::set<std::string> written) {
    absl::MutexLock lock(&mutex_);
    written_ = std::move(written);
  }

  bool Covers(const engine::PreparedQuery::Selector& selector, int64_t eval_ms,
              std::string* why) const override {
    {
      absl::MutexLock lock(&mutex_);
      if (ReadsOnlyOwnSeries(selector.matchers, written_)) return true;
    }
    const int64_t from =
        selector.has_at ? selector.at_min_ms : eval_ms - selector.oldest_ms;
    const int64_t to = selector.has_at ? selector.at_max_ms : eval_ms - selector.newest_ms;
    if (sync_->Covers(selector.matchers, from, to)) return true;
    const auto covered_from = sync_->CoveredFrom(selector.matchers);
    *why = absl::StrCat(
        selector.text, " needs ",
        parser::FormatDuration(selector.oldest_ms - selector.newest_ms), " of history, ",
        covered_from ? absl::StrCat("loaded back to ",
                                    absl::FormatTime(absl::FromUnixMillis(*covered_from),
                                                     absl::UTCTimeZone()))
                     : "none is loaded yet");
    return false;
  }

  absl::Status BeforeTick(int64_t t_ms) override { return sync_->PullUpTo(t_ms); }

 private:
  remote::Sync* const sync_;
  mutable absl::Mutex mutex_;
  std::set<std::string> written_;
};

class Sidecar::WriterSink : public rules::SampleSink {
 public:
  explicit WriterSink(remote::RemoteWriter* writer) : writer_(writer) {}
  void Enqueue(std::vector<SeriesSample> samples) override {
    writer_->Enqueue(std::move(samples));
    writer_->Flush();
  }

 private:
  remote::RemoteWriter* const writer_;
};

Sidecar::Sidecar(SidecarOptions options)
    : options_(std::move(options)), storage_(options_.storage) {}

Sidecar::~Sidecar() { Stop(); }

absl::StatusOr<std::unique_ptr<Sidecar>> Sidecar::Create(SidecarOptions options) {
  std::unique_ptr<Sidecar> sidecar(new Sidecar(std::move(options)));
  RETURN_IF_ERROR(sidecar->LoadConfig());
  RETURN_IF_ERROR(sidecar->CreateSource(sidecar->config_.source));
  RETURN_IF_ERROR(sidecar->CreateWriters(sidecar->config_));
  rules::ManagerOptions manager;
  manager.storage = &sidecar->storage_;
  manager.clock = &sidecar->clock_;
  manager.query = sidecar->options_.query;
  for (const auto& sink : sidecar->sinks_) manager.sinks.push_back(sink.get());
  manager.coverage = sidecar->source_.get();
  manager.source = sidecar->source_.get();
  sidecar->manager_ = std::make_unique<rules::Manager>(std::move(manager));
  RETURN_IF_ERROR(sidecar->LoadRules(sidecar->config_));
  return sidecar;
}

absl::Status Sidecar::LoadConfig() {
  if (options_.config_file.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(config_, LoadConfigFile(options_.config_file));
  return absl::OkStatus();
}

absl::Status Sidecar::CreateSource(const SourceConfig& config) {
  if (config.url.empty()) return absl::OkStatus();
  remote::SyncOptions options;
  options.source = ToHttpOptions(config.url, config.http, config.headers, config.timeout);
  options.mode = ToSyncMode(config.mode);
  options.lookback = options_.query.lookback_delta;
  ASSIGN_OR_RETURN(sync_, remote::Sync::Create(std::move(options), &storage_));
  source_ = std::make_unique<SourceAdapter>(sync_.get());
  return absl::OkStatus();
}

absl::Status Sidecar::CreateWriters(const Config& config) {
  for (const RemoteWriteConfig& endpoint : config.remote_write) {
    remote::RemoteWriterOptions options;
    options.name = endpoint.name;
    options.http =
        ToHttpOptions(endpoint.url, endpoint.http, endpoint.headers, endpoint.remote_timeout);
    options.capacity = std::max<size_t>(options.capacity, endpoint.queue_config.capacity);
    options.max_samples_per_send = endpoint.queue_config.max_samples_per_send;
    options.batch_send_deadline = endpoint.queue_config.batch_send_deadline;
    options.min_backoff = endpoint.queue_config.min_backoff;
    options.max_backoff = endpoint.queue_config.max_backoff;
    for (const auto& [name, value] : config.global.external_labels) {
      options.external_labels.push_back({name, value});
    }
    ASSIGN_OR_RETURN(auto writer, remote::RemoteWriter::Create(std::move(options)));
    sinks_.push_back(std::make_unique<WriterSink>(writer.get()));
    writers_.push_back(std::move(writer));
  }
  return absl::OkStatus();
}

absl::Status Sidecar::LoadRules(const Config& config) {
  rules::RuleConfig rules;
  rules.file_patterns = config.rule_files;
  rules.evaluation_interval = config.global.evaluation_interval;
  rules.query_offset = config.global.rule_query_offset;
  RETURN_IF_ERROR(manager_->Load(rules));
  UpdateSelectors();
  last_reload_ms_ = clock_.NowMs();
  return absl::OkStatus();
}

void Sidecar::UpdateSelectors() {
  if (sync_ == nullptr) return;
  const std::set<std::string> written = manager_->WrittenMetrics();
  std::vector<remote::SyncSelector> selectors;
  for (const auto& selector : manager_->Selectors()) {
    if (ReadsOnlyOwnSeries(selector.matchers, written)) continue;
    int64_t oldest = selector.oldest_ms;
    // A window pinned by @ is reached by going back as far as it lies.
    if (selector.has_at) oldest = std::max(oldest, clock_.NowMs() - selector.at_min_ms);
    selectors.push_back({selector.matchers, oldest, selector.newest_ms, selector.text});
  }
  sync_->SetSelectors(selectors);
  source_->SetWritten(written);
  needs_history_ = true;
}

void Sidecar::LoadHistory() {
  while (!stop_) {
    if (!needs_history_.exchange(false)) {
      clock_.SleepUntil(clock_.Now() + absl::Milliseconds(200), stop_);
      continue;
    }
    const auto progress = options_.shows_progress ? ShowProgress : remote::ProgressReceiver();
    const absl::Status status = sync_->LoadHistory(clock_.NowMs(), progress);
    if (status.ok() || stop_) {
      Log(LogLevel::kInfo, "History is loaded",
          {{"samples", absl::StrCat(sync_->Stats().samples_appended)}});
      continue;
    }
    Log(LogLevel::kError, "Loading history failed; trying again",
        {{"err", std::string(status.message())}, {"pause", absl::FormatDuration(kHistoryRetry)}});
    clock_.SleepUntil(clock_.Now() + kHistoryRetry, stop_);
    needs_history_ = true;
  }
}

web::ReadyState Sidecar::Ready() const {
  web::ReadyState state;
  state.is_stopping = stop_;
  if (sync_ == nullptr) return state;
  const remote::SyncStats stats = sync_->Stats();
  if (!stats.last_error.ok()) {
    state.is_ready = false;
    state.reason = absl::StrCat("source ", config_.source.url, ": ",
                                std::string(stats.last_error.message()));
  } else if (stats.selectors_loaded < stats.selectors) {
    state.is_ready = false;
    state.reason = absl::StrCat("warming: ", stats.selectors_loaded, " of ", stats.selectors,
                                " selectors have their history");
  }
  return state;
}

void Sidecar::CollectMetrics(std::vector<web::MetricFamily>& families) const {
  AddStorageMetrics(storage_.Stats(), families);
  AddRuleMetrics(manager_->Metrics(), families);
  for (const auto& writer : writers_) AddWriterMetrics(writer->name(), writer->Stats(), families);
  if (sync_ != nullptr) AddSourceMetrics(sync_->Stats(), families);
  families.push_back(web::SingleMetric("sloburn_config_last_reload_successful",
                                       "Whether the last configuration reload succeeded.",
                                       web::MetricType::kGauge, last_reload_ok_ ? 1 : 0));
  if (server_ != nullptr) server_->CollectMetrics(families);
}

absl::Status Sidecar::Start() {
  dependencies_.storage = &storage_;
  dependencies_.clock = &clock_;
  dependencies_.query_options = options_.query;
  dependencies_.rules = manager_.get();
  dependencies_.ready = [this] { return Ready(); };
  dependencies_.reload = [this] { return Reload(); };
  dependencies_.enable_lifecycle = options_.enable_lifecycle;
  dependencies_.enable_remote_write_receiver =
      options_.enable_remote_write_receiver || options_.config_file.empty();
  dependencies_.build_info.version = kVersion;
  dependencies_.metrics.push_back(
      [this](std::vector<web::MetricFamily>& families) { CollectMetrics(families); });
  RETURN_IF_ERROR(web::AddApi(router_, dependencies_));
  ASSIGN_OR_RETURN(server_, web::Server::Start(options_.server, router_));
  if (sync_ != nullptr) history_thread_ = std::thread([this] { LoadHistory(); });
  manager_->Start();
  return absl::OkStatus();
}

absl::Status Sidecar::Reload() {
  absl::MutexLock lock(&reload_mutex_);
  const auto load = [this]() -> absl::Status {
    if (options_.config_file.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Config config, LoadConfigFile(options_.config_file));
    return LoadRules(config);
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
  clock_.Wake();
  if (sync_ != nullptr) sync_->Cancel();
  if (manager_ != nullptr) manager_->Stop();
  if (history_thread_.joinable()) history_thread_.join();
  for (const auto& writer : writers_) writer->Stop(options_.drain);
  if (server_ != nullptr) {
    const absl::Status status = server_->Stop(kShutdownGrace);
    if (!status.ok()) Log(LogLevel::kWarn, std::string(status.message()));
  }
}

}  // namespace sloburn::cli
