// SPDX-License-Identifier: Apache-2.0
// The running process: store, source, rules, write-back, notifications and HTTP server, wired
// together.
//
//   ASSIGN_OR_RETURN(auto sidecar, Sidecar::Create(options));
//   RETURN_IF_ERROR(sidecar->Start());   // listens; rules tick
//   ...
//   sidecar->Stop();
//
// Threads: Start and Stop from one thread, the others from any; the parts have threads of their
// own.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "cli/active_config.h"
#include "cli/config.h"
#include "cli/config_watcher.h"
#include "cli/external_url.h"
#include "cli/remote_writers.h"
#include "cli/slo_demand.h"
#include "cli/source_feed.h"
#include "cli/source_history.h"
#include "engine/storage/durable/durable_storage.h"
#include "engine/storage/memory_storage.h"
#include "engine/storage/outbox.h"
#include "rules/manager.h"
#include "rules/notifier/notifier.h"
#include "rules/slo/evaluation.h"
#include "web/dependencies.h"
#include "web/server.h"
#include "web/web_security.h"

namespace sloburn::cli {

struct SidecarOptions {
  std::string config_file;  // empty: an empty engine with the remote write receiver on
  std::string web_config_file;  // empty: plain HTTP for everybody
  std::string external_url, route_prefix;  // as the flags of Prometheus; empty: computed
  web::ServerOptions server;
  engine::QueryOptions query;
  MemoryStorageOptions storage;
  std::optional<int64_t> source_samples_per_second;  // stands above the configuration
  std::string storage_path;  // a folder; empty: samples are kept in memory only
  DurableOptions durable;
  OutboxOptions outbox;
  absl::Duration gap_repair = absl::Hours(1);  // as in rules::ManagerOptions
  int max_concurrent_rules = 4;                // likewise
  rules::TemplateLimits templates;             // of alerts
  rules::RestoreOptions restore;
  size_t max_metadata = 100'000;  // metrics whose metadata is kept
  bool enable_lifecycle = false;
  absl::Duration auto_reload_interval;  // of looks for changed files; zero: none
  std::string cors_origin = ".*";  // as in web::Dependencies
  bool enable_remote_write_receiver = false;
  // As in web::Dependencies.
  std::vector<remote::WriteMessage> accepted_write_messages = {remote::WriteMessage::kVersion1,
                                                               remote::WriteMessage::kVersion2};
  // What /api/v1/status/flags tells: names without dashes, values as texts.
  std::vector<std::pair<std::string, std::string>> flags;
  web::ReadLimits read_limits;
  web::WriteLimits write_limits;
  web::WebSecurityLimits security_limits;
  int64_t max_response_bytes = int64_t{1} << 30;
  int64_t max_points_per_series = 11'000;
  bool shows_progress = false;              // a bar on stderr while history is loaded
  absl::Duration drain = absl::Seconds(5);  // for remote write at the end
  rules::NotifierOptions notifier;
  absl::Duration resend_delay = absl::Minutes(1);  // --rules.alert.resend-delay
};

class Sidecar {
 public:
  static absl::StatusOr<std::unique_ptr<Sidecar>> Create(SidecarOptions options);
  ~Sidecar();

  absl::Status Start();
  // Reads the configuration, rule and SLO files again; on an error everything stays as it was.
  // FailedPrecondition where `source` has changed: that needs a restart.
  absl::Status Reload();
  void Stop();

  std::vector<std::string> addresses() const { return server_->addresses(); }
  bool uses_tls() const { return security_ != nullptr && security_->Current()->tls != nullptr; }
  MemoryStorage& storage() { return storage_; }

  // What /api/v1/slos evaluates.
  rules::SloInput Slos() const;

 private:
  explicit Sidecar(SidecarOptions options);

  absl::StatusOr<Config> ReadConfig() const;
  std::string CurrentDigest() const;
  absl::Duration LookForChange();
  absl::Status OpenStorage();
  absl::Status CreateSource();
  absl::Status CheckNotEmptied(const Config& config) const;
  absl::Status Apply(const Config& config);
  std::shared_ptr<const ActiveConfig> Active() const;
  void UpdateDemand();
  web::ReadyState Ready() const;
  web::RuntimeInfo Runtime() const;
  void ConnectStatus();
  void CollectMetrics(std::vector<web::MetricFamily>& families) const;

  const SidecarOptions options_;
  RealClock clock_;
  MemoryStorage storage_;
  std::unique_ptr<DurableStorage> durable_;  // null: in memory only
  web::MetricMetadataStore metadata_;
  SourceConfig source_config_;          // never changes after Create
  std::unique_ptr<SourceFeed> source_;  // null: none is configured
  std::unique_ptr<SourceAlertHistory> alert_history_;  // the same
  Outbox outbox_;
  RemoteWriters writers_;
  rules::Notifier notifier_;
  std::unique_ptr<rules::Manager> manager_;
  web::Dependencies dependencies_;  // the router's handlers point into it
  ExternalUrl external_;
  web::Router router_;
  std::shared_ptr<web::WebSecurity> security_;  // null: no web configuration
  std::unique_ptr<web::Server> server_;

  const absl::Time start_time_ = clock_.Now();

  mutable absl::Mutex active_mutex_;
  std::shared_ptr<const ActiveConfig> active_ ABSL_GUARDED_BY(active_mutex_) =
      std::make_shared<const ActiveConfig>();

  mutable absl::Mutex slo_demand_mutex_;
  SloDemand slo_demand_ ABSL_GUARDED_BY(slo_demand_mutex_);

  std::atomic<bool> stop_{false};
  absl::Mutex reload_mutex_;  // one reload or stop at a time
  // Of the files as they were tried last, and as they are while they may still be written.
  std::string tried_digest_ ABSL_GUARDED_BY(reload_mutex_);
  std::string young_digest_ ABSL_GUARDED_BY(reload_mutex_);
  std::unique_ptr<ConfigWatcher> watcher_;  // null: SIGHUP and /-/reload only
  std::atomic<bool> last_reload_ok_{true};
};

}  // namespace sloburn::cli
