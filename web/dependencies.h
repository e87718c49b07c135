// SPDX-License-Identifier: Apache-2.0
// Everything the HTTP API asks of the rest of the process, filled in by `sloburn serve`, by
// `demo`, and by tests.
//
// Ownership: pointers are borrowed and must outlive the router. Threads: every function here is
// called from several threads at once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "engine/remote/write_message.h"
#include "engine/storage/storage.h"
#include "rules/slo/evaluation.h"
#include "rules/status.h"
#include "web/metric_metadata.h"
#include "web/metrics.h"

namespace sloburn::web {

struct ReadyState {
  bool is_ready = true;
  bool is_stopping = false;
  // Why it is not ready, for humans: "warming: 12 of 40 windows loaded".
  std::string reason;
};

struct BuildInfo {
  // A Prometheus version whose API this is; clients choose features by it.
  std::string prometheus_version = "3.14.0";
  std::string version;  // our own
  std::string revision, branch, build_user, build_date, compiler;
};

struct RuntimeInfo {
  absl::Time start_time;
  std::string working_directory;
  std::string hostname;
  bool reload_succeeded = true;
  absl::Time last_reload;
  std::string storage_retention;
};

struct WriteLimits {
  int64_t max_decoded_bytes = 32 << 20;
  int64_t max_labels_per_series = 1024;
  int64_t max_samples = 1'000'000;
  absl::Duration max_ahead = absl::Minutes(10);  // samples further in the future are refused
  int64_t max_text_bytes = 128 << 20;            // labels and metadata of a 2.0 request
  int64_t max_error_bytes = 64 << 10;            // of the text that tells what was refused
};

// Of /api/v1/read.
struct ReadLimits {
  int64_t max_samples = 50'000'000;  // of one query of a sampled answer; 0: no limit
  int64_t max_bytes_in_frame = 1 << 20;
  int64_t max_decoded_bytes = 32 << 20;  // of a request
};

// Whole URLs of the endpoints that alerts are posted to.
struct Alertmanagers {
  std::vector<std::string> active;
  std::vector<std::string> dropped;  // by relabelling
};

struct Dependencies {
  Storage* storage = nullptr;                  // required
  Clock* clock = nullptr;                      // required
  engine::QueryOptions query_options;          // `cancelled` is set per request
  const rules::StatusSource* rules = nullptr;  // null: no rules

  // Keeps what remote write tells of metrics, for /api/v1/metadata. Null: it is dropped.
  MetricMetadataStore* metadata = nullptr;

  // What /api/v1/slos evaluates. Null: there are no SLOs.
  std::function<rules::SloInput()> slos;

  // Null: there are none.
  std::function<Alertmanagers()> alertmanagers;

  // Null: always ready.
  std::function<ReadyState()> ready;
  // Null, or enable_lifecycle false: reload is refused.
  std::function<absl::Status()> reload;
  bool enable_lifecycle = false;              // --web.enable-lifecycle
  bool enable_remote_write_receiver = false;  // --web.enable-remote-write-receiver
  // --web.remote-write-receiver.accepted-protobuf-messages
  std::vector<remote::WriteMessage> accepted_write_messages = {remote::WriteMessage::kVersion1,
                                                               remote::WriteMessage::kVersion2};

  // Regular expression of allowed origins, anchored; empty: no CORS headers.
  std::string cors_origin;
  bool enable_compression = true;

  int64_t max_points_per_series = 11'000;  // of a range query
  int64_t max_response_bytes = int64_t{1} << 30;
  WriteLimits write_limits;
  ReadLimits read_limits;

  // Added to series that remote read sends. Null: none.
  std::function<std::map<std::string, std::string>()> external_labels;

  std::vector<MetricsProvider> metrics;
  BuildInfo build_info;
  // Status documents are served where their source is given; otherwise the paths are unknown.
  std::function<RuntimeInfo()> runtime_info;
  std::function<std::string()> config_yaml;  // with secrets already masked
  std::function<std::vector<std::pair<std::string, std::string>>()> flags;
};

}  // namespace sloburn::web
