// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include <filesystem>
#include <set>

#include "absl/strings/ascii.h"
#include "base/read_file.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "cli/config_fields.h"
#include "cli/config_relabel.h"
#include "cli/expand_variables.h"
#include "cli/refused_keys.h"

namespace sloburn::cli {
namespace {

bool IsReservedHeader(std::string_view name) {
  static const auto* const kReserved =
      new std::set<std::string, std::less<>>{"accept-encoding",
                                             "connection",
                                             "content-encoding",
                                             "content-length",
                                             "content-type",
                                             "host",
                                             "keep-alive",
                                             "proxy-authenticate",
                                             "proxy-authorization",
                                             "user-agent",
                                             "www-authenticate",
                                             "x-prometheus-remote-read-version",
                                             "x-prometheus-remote-write-version"};
  return kReserved->count(name) > 0;
}

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kPunctuation = "!#$%&'*+-.^_`|~";
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && kPunctuation.find(c) == std::string_view::npos) return false;
  }
  return !name.empty();
}

// Each request holds its samples in memory, and Prometheus answers ten remote reads at once.
constexpr int64_t kMaxSourceConcurrency = 64;

class ConfigReader {
 public:
  explicit ConfigReader(std::string_view path)
      : log_(std::string(path)), folder_(std::filesystem::path(path).parent_path()) {}

  Config Read(const YamlNode* root);
  ConfigLog& log() { return log_; }

 private:
  void ReadGlobal(const YamlNode* node, GlobalConfig& global);
  void ReadSource(const YamlNode* node, SourceConfig& source);
  void ReadRemoteWrites(const YamlNode* node, std::vector<RemoteWriteConfig>& all);
  RemoteWriteConfig ReadRemoteWrite(const YamlNode& node);
  void ReadHttp(ConfigFields& fields, std::map<std::string, Secret>& headers,
                HttpClientConfig& http);
  void ReadMessage(ConfigFields& fields, remote::WriteMessage& message);
  void ReadBasicAuth(const YamlNode* node, BasicAuthConfig& auth);
  void ReadAuthorization(const YamlNode* node, AuthorizationConfig& authorization);
  void ReadTls(const YamlNode* node, TlsConfig& tls);
  void ReadQueue(const YamlNode* node, QueueConfig& queue);
  void ReadUrl(ConfigFields& fields, std::string& url);
  void ReadPatterns(ConfigFields& fields, std::string_view name, std::vector<std::string>& paths);
  void ReadPath(ConfigFields& fields, std::string_view name, std::string& path);
  std::string Resolve(const std::string& path) const;

  ConfigLog log_;
  const std::filesystem::path folder_;
};

std::string ConfigReader::Resolve(const std::string& path) const {
  if (path.empty() || path[0] == '/') return path;
  return (folder_ / path).lexically_normal().string();
}

Config ConfigReader::Read(const YamlNode* root) {
  Config config;
  ConfigFields fields(root, "the configuration", log_);
  ReadGlobal(fields.Find("global"), config.global);
  ReadPatterns(fields, "rule_files", config.rule_files);
  ReadPatterns(fields, "slo_files", config.slo_files);
  ReadRemoteWrites(fields.Find("remote_write"), config.remote_write);
  ReadSource(fields.Find("source"), config.source);
  fields.Finish(RefusedTopKeys());
  return config;
}

void ConfigReader::ReadGlobal(const YamlNode* node, GlobalConfig& global) {
  ConfigFields fields(node, "global", log_);
  absl::Duration interval;
  fields.Read("evaluation_interval", interval, absl::ZeroDuration());
  // As in Prometheus, 0 stands for the default.
  if (interval > absl::ZeroDuration()) global.evaluation_interval = interval;
  fields.Read("rule_query_offset", global.rule_query_offset, absl::ZeroDuration());
  fields.Read("external_labels", global.external_labels);
  for (auto& [name, value] : global.external_labels) {
    value = ExpandVariables(value);
    if (name.empty()) fields.Error("external_labels", "\"\" is not a valid label name");
  }
  fields.Finish(RefusedGlobalKeys());
}

void ConfigReader::ReadPatterns(ConfigFields& fields, std::string_view name,
                                std::vector<std::string>& paths) {
  fields.Read(name, paths);
  for (std::string& path : paths) {
    const size_t star = path.find('*');
    if (star != std::string::npos && path.find('/', star) != std::string::npos) {
      fields.Error(name, StrCat("invalid ", name == "rule_files" ? "rule" : "SLO", " file path ",
                                GoQuote(path),
                                ": * is allowed in the last part only"));
    }
    path = Resolve(path);
  }
}

void ConfigReader::ReadPath(ConfigFields& fields, std::string_view name, std::string& path) {
  fields.Read(name, path);
  path = Resolve(path);
}

void ConfigReader::ReadUrl(ConfigFields& fields, std::string& url) {
  fields.Read("url", url);
  if (url.empty()) return;
  const size_t scheme_end = url.find("://");
  const std::string scheme = absl::AsciiStrToLower(url.substr(0, scheme_end));
  const bool has_scheme =
      scheme_end != std::string::npos && (scheme == "http" || scheme == "https");
  const std::string_view rest =
      has_scheme ? std::string_view(url).substr(scheme_end + 3) : std::string_view();
  if (rest.empty() || rest[0] == '/') {
    fields.Error("url", "url must be http://HOST[:PORT][/PATH] or https://...");
  } else if (rest.substr(0, rest.find('/')).find('@') != std::string_view::npos) {
    // A message that repeats the url would show the password.
    fields.Error("url", "url must not hold a user or a password; use basic_auth");
    url.clear();
  }
}

void ConfigReader::ReadSource(const YamlNode* node, SourceConfig& source) {
  if (node == nullptr || node->is_null()) return;
  ConfigFields fields(node, "source", log_);
  ReadUrl(fields, source.url);
  if (!fields.Has("url") && node->is_mapping()) log_.Error(*node, "url for source is empty");
  std::string mode = "auto";
  fields.Read("mode", mode);
  if (mode == "remote_read") {
    source.mode = SourceMode::kRemoteRead;
  } else if (mode == "query") {
    source.mode = SourceMode::kQuery;
  } else if (mode == "pushdown") {
    fields.Error("mode", "mode \"pushdown\" is not supported in this version");
  } else if (mode != "auto") {
    fields.Error("mode",
                 StrCat("unknown mode ", GoQuote(mode), "; use auto, remote_read or query"));
  }
  fields.Read("timeout", source.timeout, absl::Milliseconds(1));
  fields.Read("concurrency", source.concurrency, 1);
  if (source.concurrency > kMaxSourceConcurrency) {
    fields.Error("concurrency", StrCat("concurrency in source must be at most ",
                                       kMaxSourceConcurrency));
  }
  fields.Read("max_samples_per_second", source.max_samples_per_second, 0);
  ReadHttp(fields, source.headers, source.http);
  fields.Finish(RefusedHttpKeys());
}

void ConfigReader::ReadRemoteWrites(const YamlNode* node, std::vector<RemoteWriteConfig>& all) {
  if (node == nullptr || node->is_null()) return;
  if (!node->is_sequence()) return log_.Error(*node, "remote_write must be a list");
  std::set<std::string> names;
  for (const YamlNode* item : node->items) {
    if (item->is_null()) {
      log_.Error(*item, "empty or null remote write config section");
      continue;
    }
    all.push_back(ReadRemoteWrite(*item));
    const std::string& name = all.back().name;
    if (!name.empty() && !names.insert(name).second) {
      log_.Error(*item,
                 StrCat("found multiple remote write configs with job name ", GoQuote(name)));
    }
  }
}

RemoteWriteConfig ConfigReader::ReadRemoteWrite(const YamlNode& node) {
  RemoteWriteConfig config;
  ConfigFields fields(&node, "remote_write", log_);
  ReadUrl(fields, config.url);
  if (!fields.Has("url") && node.is_mapping()) log_.Error(node, "url for remote_write is empty");
  fields.Read("name", config.name);
  fields.Read("remote_timeout", config.remote_timeout, absl::Milliseconds(1));
  ReadHttp(fields, config.headers, config.http);
  ReadMessage(fields, config.protobuf_message);
  fields.Read("send_native_histograms", config.send_native_histograms);
  ReadRelabelRules(fields, "write_relabel_configs",
                   "empty or null relabeling rule in remote write config", log_,
                   config.write_relabel_configs);
  ReadQueue(fields.Find("queue_config"), config.queue_config);
  fields.Finish(RefusedHttpKeys());
  return config;
}

void ConfigReader::ReadMessage(ConfigFields& fields, remote::WriteMessage& message) {
  std::string name(remote::WriteMessageName(message));
  fields.Read("protobuf_message", name);
  if (const auto read = remote::ParseWriteMessage(name); read.ok()) {
    message = *read;
    return;
  }
  const auto& all = remote::kWriteMessages;
  fields.Error("protobuf_message",
               StrCat("invalid protobuf_message value: unknown remote write protobuf message ",
                      name, ", supported: ",
                      remote::WriteMessageNames({std::begin(all), std::end(all)})));
}

void ConfigReader::ReadHttp(ConfigFields& fields, std::map<std::string, Secret>& headers,
                            HttpClientConfig& http) {
  fields.Read("headers", headers);
  for (const auto& [name, value] : headers) {
    const std::string lower = absl::AsciiStrToLower(name);
    if (lower == "authorization") {
      fields.Error("headers",
                   "authorization header must be changed via the basic_auth or authorization "
                   "parameter");
    } else if (IsReservedHeader(lower)) {
      fields.Error("headers", StrCat(name, " is a reserved header. It must not be changed"));
    } else if (!IsHeaderName(name)) {
      fields.Error("headers", StrCat(GoQuote(name), " is not a valid header name"));
    } else if (value.reveal().find_first_of("\r\n") != std::string::npos) {
      fields.Error("headers", StrCat("the value of header ", name, " holds a line break"));
    }
  }
  if (fields.Has("basic_auth") && fields.Has("authorization")) {
    fields.Error("authorization", "at most one of basic_auth and authorization must be configured");
  }
  ReadBasicAuth(fields.Find("basic_auth"), http.basic_auth);
  ReadAuthorization(fields.Find("authorization"), http.authorization);
  ReadTls(fields.Find("tls_config"), http.tls_config);
}

void ConfigReader::ReadBasicAuth(const YamlNode* node, BasicAuthConfig& auth) {
  ConfigFields fields(node, "basic_auth", log_);
  fields.Read("username", auth.username);
  ReadPath(fields, "username_file", auth.username_file);
  fields.Read("password", auth.password);
  ReadPath(fields, "password_file", auth.password_file);
  if (!auth.username.empty() && !auth.username_file.empty()) {
    fields.Error("username_file",
                 "at most one of basic_auth username & username_file must be configured");
  }
  if (!auth.password.empty() && !auth.password_file.empty()) {
    fields.Error("password_file",
                 "at most one of basic_auth password & password_file must be configured");
  }
  fields.Finish({});
}

void ConfigReader::ReadAuthorization(const YamlNode* node, AuthorizationConfig& authorization) {
  ConfigFields fields(node, "authorization", log_);
  fields.Read("type", authorization.type);
  fields.Read("credentials", authorization.credentials);
  ReadPath(fields, "credentials_file", authorization.credentials_file);
  if (absl::AsciiStrToLower(authorization.type) == "basic") {
    fields.Error("type",
                 "authorization type cannot be set to \"basic\", use \"basic_auth\" instead");
  }
  if (!authorization.credentials.empty() && !authorization.credentials_file.empty()) {
    fields.Error("credentials_file",
                 "at most one of authorization credentials & credentials_file must be configured");
  }
  fields.Finish({});
}

void ConfigReader::ReadTls(const YamlNode* node, TlsConfig& tls) {
  ConfigFields fields(node, "tls_config", log_);
  ReadPath(fields, "ca_file", tls.ca_file);
  ReadPath(fields, "cert_file", tls.cert_file);
  ReadPath(fields, "key_file", tls.key_file);
  fields.Read("server_name", tls.server_name);
  fields.Read("insecure_skip_verify", tls.insecure_skip_verify);
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    fields.Error(tls.cert_file.empty() ? "key_file" : "cert_file",
                 "cert_file and key_file must be configured together");
  }
  fields.Finish(RefusedTlsKeys());
}

void ConfigReader::ReadQueue(const YamlNode* node, QueueConfig& queue) {
  ConfigFields fields(node, "queue_config", log_);
  fields.Read("capacity", queue.capacity, 1);
  fields.Read("max_samples_per_send", queue.max_samples_per_send, 1);
  fields.Read("batch_send_deadline", queue.batch_send_deadline, absl::Milliseconds(1));
  fields.Read("min_backoff", queue.min_backoff, absl::Milliseconds(1));
  fields.Read("max_backoff", queue.max_backoff, absl::Milliseconds(1));
  fields.Read("retry_on_http_429", queue.retry_on_http_429);
  fields.Read("sample_age_limit", queue.sample_age_limit, absl::ZeroDuration());
  if (queue.min_backoff > queue.max_backoff) {
    fields.Error("min_backoff", "min_backoff must not be larger than max_backoff");
  }
  fields.Finish(RefusedQueueKeys());
}

}  // namespace

absl::StatusOr<Config> ParseConfig(std::string_view path, std::string_view text,
                                   const YamlLimits& limits) {
  ConfigReader reader(path);
  ASSIGN_OR_RETURN(const YamlStream stream, ParseConfigYaml(text, limits, reader.log()));
  Config config = reader.Read(stream.documents().empty() ? nullptr : stream.documents().front());
  RETURN_IF_ERROR(reader.log().ToStatus());
  return config;
}

absl::StatusOr<Config> LoadConfigFile(const std::string& path) {
  const YamlLimits limits{.max_bytes = 4 << 20};
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, limits.max_bytes));
  return ParseConfig(path, text, limits);
}

}  // namespace sloburn::cli
