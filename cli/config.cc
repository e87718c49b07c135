// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include <filesystem>
#include <set>

#include "absl/strings/ascii.h"
#include "base/read_file.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "cli/config_alerting.h"
#include "cli/config_fields.h"
#include "cli/config_http.h"
#include "cli/config_relabel.h"
#include "cli/expand_variables.h"
#include "cli/refused_keys.h"

namespace sloburn::cli {
namespace {

// Each request holds its samples in memory, and Prometheus answers ten remote reads at once.
constexpr int64_t kMaxSourceConcurrency = 64;

class ConfigReader {
 public:
  explicit ConfigReader(std::string_view path)
      : log_(std::string(path)), folder_(std::filesystem::path(path).parent_path().string()) {}

  Config Read(const YamlNode* root);
  ConfigLog& log() { return log_; }

 private:
  void ReadGlobal(const YamlNode* node, GlobalConfig& global);
  void ReadSource(const YamlNode* node, SourceConfig& source);
  void ReadRemoteWrites(const YamlNode* node, std::vector<RemoteWriteConfig>& all);
  RemoteWriteConfig ReadRemoteWrite(const YamlNode& node);
  void ReadMessage(ConfigFields& fields, remote::WriteMessage& message);
  void ReadQueue(const YamlNode* node, QueueConfig& queue);
  void ReadUrl(ConfigFields& fields, std::string& url);
  void ReadPatterns(ConfigFields& fields, std::string_view name, std::vector<std::string>& paths);

  ConfigLog log_;
  const std::string folder_;
};

Config ConfigReader::Read(const YamlNode* root) {
  Config config;
  ConfigFields fields(root, "the configuration", log_);
  ReadGlobal(fields.Find("global"), config.global);
  ReadPatterns(fields, "rule_files", config.rule_files);
  ReadPatterns(fields, "slo_files", config.slo_files);
  ReadAlerting(fields.Find("alerting"), folder_, log_, config.alerting);
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
    path = ResolvePath(folder_, path);
  }
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
  ReadHttpClient(fields, folder_, log_, source.headers, source.http);
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
  ReadHttpClient(fields, folder_, log_, config.headers, config.http);
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
  config.is_empty = stream.documents().empty();
  return config;
}

absl::StatusOr<Config> LoadConfigFile(const std::string& path) {
  const YamlLimits limits{.max_bytes = 4 << 20};
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, limits.max_bytes));
  return ParseConfig(path, text, limits);
}

}  // namespace sloburn::cli
