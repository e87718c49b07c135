// SPDX-License-Identifier: Apache-2.0
// The running process: store, source, rules, write-back and HTTP server, wired together.
//
//   ASSIGN_OR_RETURN(auto sidecar, Sidecar::Create(options));
//   RETURN_IF_ERROR(sidecar->Start());   // listens; rules tick
//   ...
//   sidecar->Stop();
//
// Threads: Start, Reload and Stop from one thread at a time; the parts have threads of their own.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "cli/config.h"
#include "engine/remote/remote_write.h"
#include "engine/remote/sync.h"
#include "engine/storage/memory_storage.h"
#include "rules/manager.h"
#include "web/dependencies.h"
#include "web/server.h"

namespace sloburn::cli {

struct SidecarOptions {
  std::string config_file;  // empty: an empty engine with the remote write receiver on
  web::ServerOptions server;
  engine::QueryOptions query;
  MemoryStorageOptions storage;
  bool enable_lifecycle = false;
  bool enable_remote_write_receiver = false;
  bool shows_progress = false;  // a bar on stderr while history is loaded
  absl::Duration drain = absl::Seconds(5);  // for remote write at the end
};

class Sidecar {
 public:
  static absl::StatusOr<std::unique_ptr<Sidecar>> Create(SidecarOptions options);
  ~Sidecar();

  absl::Status Start();
  // Reads the configuration again; on an error everything stays as it was.
  absl::Status Reload();
  void Stop();

  std::vector<std::string> addresses() const { return server_->addresses(); }
  MemoryStorage& storage() { return storage_; }

 private:
  explicit Sidecar(SidecarOptions options);

  class SourceAdapter;  // the sync as the rules see it
  class WriterSink;

  absl::Status LoadConfig();
  absl::Status CreateSource(const SourceConfig& config);
  absl::Status CreateWriters(const Config& config);
  absl::Status LoadRules(const Config& config);
  void UpdateSelectors();
  void LoadHistory();
  web::ReadyState Ready() const;
  void CollectMetrics(std::vector<web::MetricFamily>& families) const;

  const SidecarOptions options_;
  RealClock clock_;
  MemoryStorage storage_;
  Config config_;
  std::unique_ptr<remote::Sync> sync_;
  std::unique_ptr<SourceAdapter> source_;
  std::vector<std::unique_ptr<remote::RemoteWriter>> writers_;
  std::vector<std::unique_ptr<WriterSink>> sinks_;
  std::unique_ptr<rules::Manager> manager_;
  web::Dependencies dependencies_;  // the router's handlers point into it
  web::Router router_;
  std::unique_ptr<web::Server> server_;

  std::atomic<bool> stop_{false};
  std::atomic<bool> needs_history_{false};
  std::thread history_thread_;
  absl::Mutex reload_mutex_;
  std::atomic<bool> last_reload_ok_{true};
  std::atomic<int64_t> last_reload_ms_{0};
};

}  // namespace sloburn::cli
