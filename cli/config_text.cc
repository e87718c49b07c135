// SPDX-License-Identifier: Apache-2.0
#include "cli/config_text.h"

#include "base/json_writer.h"
#include "base/str_cat.h"
#include "parser/printer.h"

namespace sloburn::cli {
namespace {

// Lines of one block mapping. A JSON text is a YAML text too, so that is how values are quoted.
class YamlBlock {
 public:
  YamlBlock(std::string& out, size_t indent) : out_(out), indent_(indent) {}

  // A mapping or list under `key`, two columns further in.
  YamlBlock Open(std::string_view key) {
    StrAppend(&out_, Indent(), key, ":\n");
    return YamlBlock(out_, indent_ + 2);
  }
  // Makes what is written next the beginning of a list's item.
  void StartItem() { starts_item_ = true; }

  void Text(std::string_view key, std::string_view value) {
    if (!value.empty()) Raw(key, Quoted(value));
  }
  void Hidden(std::string_view key, const Secret& secret) {
    if (!secret.empty()) Raw(key, secret.ToString());
  }
  // Also where it is empty.
  void Always(std::string_view key, std::string_view value) { Raw(key, Quoted(value)); }
  void Number(std::string_view key, uint64_t value) { Raw(key, StrCat(value)); }
  void Time(std::string_view key, absl::Duration value) {
    Raw(key, parser::FormatDuration(absl::ToInt64Milliseconds(value)));
  }
  // Nothing where it is the default.
  void Flag(std::string_view key, bool value, bool normal = false) {
    if (value != normal) Raw(key, value ? "true" : "false");
  }
  void List(std::string_view key, const std::vector<std::string>& values,
            bool shows_empty = false) {
    if (values.empty()) return shows_empty ? Raw(key, "[]") : void();
    StrAppend(&out_, Indent(), key, ":\n");
    for (const std::string& value : values) StrAppend(&out_, Indent(), "- ", Quoted(value), "\n");
  }

  static std::string Quoted(std::string_view text) {
    std::string quoted;
    AppendJsonString(quoted, text);
    return quoted;
  }

 private:
  void Raw(std::string_view key, std::string_view value) {
    StrAppend(&out_, Indent(), key, ": ", value, "\n");
  }
  std::string Indent() {
    if (!starts_item_) return std::string(indent_, ' ');
    starts_item_ = false;
    return std::string(indent_ - 2, ' ') + "- ";
  }

  std::string& out_;
  const size_t indent_;
  bool starts_item_ = false;
};

void WriteHttp(YamlBlock& block, const std::map<std::string, Secret>& headers,
               const HttpClientConfig& http) {
  if (!headers.empty()) {
    YamlBlock lines = block.Open("headers");
    for (const auto& [name, value] : headers) lines.Hidden(YamlBlock::Quoted(name), value);
  }
  if (http.basic_auth != BasicAuthConfig()) {
    YamlBlock auth = block.Open("basic_auth");
    auth.Text("username", http.basic_auth.username);
    auth.Text("username_file", http.basic_auth.username_file);
    auth.Hidden("password", http.basic_auth.password);
    auth.Text("password_file", http.basic_auth.password_file);
  }
  if (http.authorization != AuthorizationConfig()) {
    YamlBlock authorization = block.Open("authorization");
    authorization.Text("type", http.authorization.type);
    authorization.Hidden("credentials", http.authorization.credentials);
    authorization.Text("credentials_file", http.authorization.credentials_file);
  }
  if (!http.http_headers.empty()) {
    YamlBlock all = block.Open("http_headers");
    for (const auto& [name, header] : http.http_headers) {
      YamlBlock lines = all.Open(YamlBlock::Quoted(name));
      lines.List("values", header.values);
      lines.List("secrets", std::vector<std::string>(header.secrets.size(), "<secret>"));
      lines.List("files", header.files);
    }
  }
  if (http.tls_config != TlsConfig()) {
    YamlBlock tls = block.Open("tls_config");
    tls.Text("ca_file", http.tls_config.ca_file);
    tls.Text("cert_file", http.tls_config.cert_file);
    tls.Text("key_file", http.tls_config.key_file);
    tls.Text("server_name", http.tls_config.server_name);
    tls.Flag("insecure_skip_verify", http.tls_config.insecure_skip_verify);
  }
}

void WriteRelabelRules(YamlBlock& block, std::string_view key,
                       const std::vector<RelabelRule>& rules) {
  if (rules.empty()) return;
  YamlBlock list = block.Open(key);
  for (const RelabelRule& rule : rules) {
    const RelabelConfig& config = rule.config();
    list.StartItem();
    list.List("source_labels", config.source_labels);
    list.Always("separator", config.separator);
    if (config.regex != RelabelConfig().regex) list.Always("regex", config.regex);
    if (config.modulus != 0) list.Number("modulus", config.modulus);
    list.Text("target_label", config.target_label);
    list.Always("replacement", config.replacement);
    list.Always("action", RelabelActionName(config.action));
  }
}

void WriteAlertmanager(YamlBlock& list, const AlertmanagerConfig& config) {
  list.StartItem();
  list.Text("scheme", config.scheme);
  list.Text("path_prefix", config.path_prefix);
  list.Time("timeout", config.timeout);
  list.Text("api_version", "v2");
  WriteHttp(list, config.headers, config.http);
  WriteRelabelRules(list, "relabel_configs", config.relabel_configs);
  WriteRelabelRules(list, "alert_relabel_configs", config.alert_relabel_configs);
  if (config.static_configs.empty()) return;
  YamlBlock groups = list.Open("static_configs");
  for (const TargetGroup& group : config.static_configs) {
    groups.StartItem();
    groups.List("targets", group.targets, /*shows_empty=*/true);
    if (group.labels.empty()) continue;
    YamlBlock labels = groups.Open("labels");
    for (const auto& [name, value] : group.labels) labels.Always(YamlBlock::Quoted(name), value);
  }
}

void WriteAlerting(YamlBlock& root, const AlertingConfig& config) {
  if (config.alert_relabel_configs.empty() && config.alertmanagers.empty()) return;
  YamlBlock alerting = root.Open("alerting");
  WriteRelabelRules(alerting, "alert_relabel_configs", config.alert_relabel_configs);
  if (config.alertmanagers.empty()) return;
  YamlBlock list = alerting.Open("alertmanagers");
  for (const AlertmanagerConfig& alertmanager : config.alertmanagers) {
    WriteAlertmanager(list, alertmanager);
  }
}

void WriteGlobal(YamlBlock& root, const GlobalConfig& config) {
  YamlBlock global = root.Open("global");
  global.Time("evaluation_interval", config.evaluation_interval);
  global.Time("rule_query_offset", config.rule_query_offset);
  if (config.external_labels.empty()) return;
  YamlBlock labels = global.Open("external_labels");
  for (const auto& [name, value] : config.external_labels) {
    labels.Text(YamlBlock::Quoted(name), value);
  }
}

void WriteSource(YamlBlock& root, const SourceConfig& config) {
  if (config.url.empty()) return;
  YamlBlock source = root.Open("source");
  source.Text("url", config.url);
  source.Text("mode", config.mode == SourceMode::kRemoteRead ? "remote_read"
                      : config.mode == SourceMode::kQuery    ? "query"
                                                             : "auto");
  source.Time("timeout", config.timeout);
  source.Number("concurrency", config.concurrency);
  source.Number("max_samples_per_second", config.max_samples_per_second);
  WriteHttp(source, config.headers, config.http);
}

void WriteEndpoint(YamlBlock& list, const RemoteWriteConfig& config) {
  list.StartItem();
  list.Text("url", config.url);
  list.Text("name", config.name);
  list.Time("remote_timeout", config.remote_timeout);
  WriteHttp(list, config.headers, config.http);
  list.Text("protobuf_message", std::string(remote::WriteMessageName(config.protobuf_message)));
  list.Flag("send_native_histograms", config.send_native_histograms);
  WriteRelabelRules(list, "write_relabel_configs", config.write_relabel_configs);
  YamlBlock queue = list.Open("queue_config");
  queue.Number("capacity", config.queue_config.capacity);
  queue.Number("max_samples_per_send", config.queue_config.max_samples_per_send);
  queue.Time("batch_send_deadline", config.queue_config.batch_send_deadline);
  queue.Time("min_backoff", config.queue_config.min_backoff);
  queue.Time("max_backoff", config.queue_config.max_backoff);
  queue.Flag("retry_on_http_429", config.queue_config.retry_on_http_429, /*normal=*/true);
  queue.Time("sample_age_limit", config.queue_config.sample_age_limit);
}

}  // namespace

std::string ToYaml(const Config& config) {
  std::string out;
  YamlBlock root(out, 0);
  WriteGlobal(root, config.global);
  root.List("rule_files", config.rule_files);
  root.List("slo_files", config.slo_files);
  WriteAlerting(root, config.alerting);
  WriteSource(root, config.source);
  if (!config.remote_write.empty()) {
    YamlBlock list = root.Open("remote_write");
    for (const RemoteWriteConfig& endpoint : config.remote_write) WriteEndpoint(list, endpoint);
  }
  return out;
}

}  // namespace sloburn::cli
