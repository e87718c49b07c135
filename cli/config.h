// SPDX-License-Identifier: Apache-2.0
// The configuration file: Prometheus' keys where it has them, plus `source` and `slo_files`.
//
//   ASSIGN_OR_RETURN(Config config, LoadConfigFile("sloburn.yml"));
//
// Defaults are those of Prometheus, but for retry_on_http_429. Unknown keys are errors with a
// suggestion; keys of Prometheus that mean nothing here (scrape_configs ...) or not yet
// (tracing ...) are errors that say so.
// All problems are reported at once, one per line: `FILE:LINE:COL: MESSAGE`.
// Relative paths resolve against the folder of the file. $VAR and ${VAR} are replaced in the values
// of external_labels ($$ is a dollar sign). Secrets never appear in messages.
// Results are plain values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/yaml.h"
#include "cli/secret.h"
#include "engine/model/relabel.h"
#include "engine/remote/write_message.h"

namespace sloburn::cli {

struct GlobalConfig {
  absl::Duration evaluation_interval = absl::Minutes(1);
  absl::Duration rule_query_offset;
  std::map<std::string, std::string> external_labels;
};

// Empty username and no password: not used.
struct BasicAuthConfig {
  std::string username;
  std::string username_file;
  Secret password;
  std::string password_file;

  friend bool operator==(const BasicAuthConfig&, const BasicAuthConfig&) = default;
};

// Empty credentials and no file: not used.
struct AuthorizationConfig {
  std::string type = "Bearer";
  Secret credentials;
  std::string credentials_file;

  friend bool operator==(const AuthorizationConfig&, const AuthorizationConfig&) = default;
};

struct TlsConfig {
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string server_name;
  bool insecure_skip_verify = false;

  friend bool operator==(const TlsConfig&, const TlsConfig&) = default;
};

// The values of one header, in this order.
struct HttpHeaderConfig {
  std::vector<std::string> values;
  std::vector<Secret> secrets;
  std::vector<std::string> files;  // read at each request

  friend bool operator==(const HttpHeaderConfig&, const HttpHeaderConfig&) = default;
};

struct HttpClientConfig {
  BasicAuthConfig basic_auth;
  AuthorizationConfig authorization;
  TlsConfig tls_config;
  std::map<std::string, HttpHeaderConfig> http_headers;

  friend bool operator==(const HttpClientConfig&, const HttpClientConfig&) = default;
};

struct QueueConfig {
  int64_t capacity = 10'000;
  int64_t max_samples_per_send = 2'000;
  absl::Duration batch_send_deadline = absl::Seconds(5);
  absl::Duration min_backoff = absl::Milliseconds(30);
  absl::Duration max_backoff = absl::Seconds(5);
  bool retry_on_http_429 = true;    // false in Prometheus, which loses samples by it
  absl::Duration sample_age_limit;  // zero: none

  friend bool operator==(const QueueConfig&, const QueueConfig&) = default;
};

struct RemoteWriteConfig {
  std::string url;
  std::string name;
  absl::Duration remote_timeout = absl::Seconds(30);
  std::map<std::string, Secret> headers;
  HttpClientConfig http;
  remote::WriteMessage protobuf_message = remote::WriteMessage::kVersion1;
  bool send_native_histograms = false;
  std::vector<RelabelRule> write_relabel_configs;
  QueueConfig queue_config;

  friend bool operator==(const RemoteWriteConfig&, const RemoteWriteConfig&) = default;
};

// One entry of static_configs.
struct TargetGroup {
  std::vector<std::string> targets;  // HOST[:PORT]
  std::map<std::string, std::string> labels;

  friend bool operator==(const TargetGroup&, const TargetGroup&) = default;
};

struct AlertmanagerConfig {
  std::string scheme = "http";
  std::string path_prefix;
  absl::Duration timeout = absl::Seconds(10);
  std::map<std::string, Secret> headers;
  HttpClientConfig http;
  std::vector<TargetGroup> static_configs;
  std::vector<RelabelRule> relabel_configs;  // over the targets
  std::vector<RelabelRule> alert_relabel_configs;
};

struct AlertingConfig {
  std::vector<RelabelRule> alert_relabel_configs;
  std::vector<AlertmanagerConfig> alertmanagers;
};

enum class SourceMode { kAuto, kRemoteRead, kQuery };

// An empty url: there is no source.
struct SourceConfig {
  std::string url;
  SourceMode mode = SourceMode::kAuto;
  absl::Duration timeout = absl::Seconds(30);
  int64_t concurrency = 3;             // requests for history at once
  int64_t max_samples_per_second = 0;  // of history; 0: no limit
  std::map<std::string, Secret> headers;
  HttpClientConfig http;

  friend bool operator==(const SourceConfig&, const SourceConfig&) = default;
};

struct Config {
  GlobalConfig global;
  std::vector<std::string> rule_files;  // patterns, absolute or relative to the working folder
  std::vector<std::string> slo_files;
  AlertingConfig alerting;
  std::vector<RemoteWriteConfig> remote_write;
  SourceConfig source;
  bool is_empty = false;  // the file holds nothing, or comments only
};

// `path` appears in messages, and its folder is where relative paths start. `limits` bounds the
// text. An empty text is the default configuration.
// Errors: InvalidArgument, ResourceExhausted.
absl::StatusOr<Config> ParseConfig(std::string_view path, std::string_view text,
                                   const YamlLimits& limits = {.max_bytes = 4 << 20});

// NotFound or PermissionDenied where the file cannot be read.
absl::StatusOr<Config> LoadConfigFile(const std::string& path);

}  // namespace sloburn::cli
