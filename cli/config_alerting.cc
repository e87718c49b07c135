// SPDX-License-Identifier: Apache-2.0
#include "cli/config_alerting.h"

#include "base/str_cat.h"
#include "base/utf8.h"
#include "cli/alertmanager_targets.h"
#include "cli/config_http.h"
#include "cli/config_relabel.h"
#include "cli/refused_keys.h"

namespace sloburn::cli {
namespace {

void CheckAddress(const YamlNode& node, const std::string& address, ConfigLog& log) {
  if (address.find('/') != std::string::npos) {
    log.Error(node, StrCat(GoQuote(address), " is not a valid hostname"));
  } else if (address.find('@') != std::string::npos) {
    // The address may hold a password: it is not repeated.
    log.Error(node, "a target must not hold a user or a password; use basic_auth");
  }
}

TargetGroup ReadTargetGroup(const YamlNode& node, bool is_relabelled, ConfigLog& log) {
  TargetGroup group;
  ConfigFields fields(&node, "static_configs", log);
  fields.Read("targets", group.targets);
  fields.Read("labels", group.labels);
  for (const auto& [name, value] : group.labels) {
    if (!IsValidLabelName(name)) {
      fields.Error("labels", StrCat(GoQuote(name), " is not a valid label name"));
    }
  }
  fields.Finish({});
  const YamlNode* const targets = fields.Find("targets");
  // Rules may make an address of anything.
  if (is_relabelled || targets == nullptr || !targets->is_sequence()) return group;
  for (const YamlNode* item : targets->items) {
    CheckAddress(*item, item->AsString().value_or(""), log);
  }
  return group;
}

void ReadStaticConfigs(ConfigFields& fields, ConfigLog& log, AlertmanagerConfig& config) {
  const YamlNode* const node = fields.Find("static_configs");
  if (node == nullptr || node->is_null()) return;
  if (!node->is_sequence()) return log.Error(*node, "static_configs must be a list");
  for (const YamlNode* item : node->items) {
    if (item->is_null()) {
      log.Error(*item, "empty or null section in static_configs");
    } else {
      config.static_configs.push_back(ReadTargetGroup(*item, !config.relabel_configs.empty(), log));
    }
  }
}

AlertmanagerConfig ReadAlertmanager(const YamlNode& node, const std::string& folder,
                                    ConfigLog& log) {
  AlertmanagerConfig config;
  ConfigFields fields(&node, "alertmanagers", log);
  fields.Read("scheme", config.scheme);
  if (config.scheme != "http" && config.scheme != "https") {
    fields.Error("scheme",
                 StrCat("unknown scheme ", GoQuote(config.scheme), "; use http or https"));
    config.scheme = "http";
  }
  fields.Read("path_prefix", config.path_prefix);
  fields.Read("timeout", config.timeout, absl::Milliseconds(1));
  std::string api_version = "v2";
  fields.Read("api_version", api_version);
  if (api_version != "v2") {
    fields.Error(
        "api_version",
        StrCat("expected Alertmanager api version to be one of [v2] but got ", api_version));
  }
  ReadHttpClient(fields, folder, log, config.headers, config.http);
  ReadRelabelRules(fields, "relabel_configs", "empty or null Alertmanager target relabeling rule",
                   log, config.relabel_configs);
  ReadRelabelRules(fields, "alert_relabel_configs",
                   "empty or null Alertmanager alert relabeling rule", log,
                   config.alert_relabel_configs);
  ReadStaticConfigs(fields, log, config);
  fields.Finish(RefusedAlertmanagerKeys());
  return config;
}

}  // namespace

void ReadAlerting(const YamlNode* node, const std::string& folder, ConfigLog& log,
                  AlertingConfig& alerting) {
  ConfigFields fields(node, "alerting", log);
  ReadRelabelRules(fields, "alert_relabel_configs", "empty or null alert relabeling rule", log,
                   alerting.alert_relabel_configs);
  const YamlNode* const list = fields.Find("alertmanagers");
  fields.Finish({});
  if (list == nullptr || list->is_null()) return;
  if (!list->is_sequence()) return log.Error(*list, "alertmanagers must be a list");
  for (const YamlNode* item : list->items) {
    const size_t errors_before = log.error_count();
    alerting.alertmanagers.push_back(ReadAlertmanager(*item, folder, log));
    // What is wrong already must not be told again as a bad URL.
    if (log.error_count() > errors_before) continue;
    const absl::Status status = ResolveTargets(alerting.alertmanagers.back()).status();
    if (!status.ok()) log.Error(*item, std::string(status.message()));
  }
}

}  // namespace sloburn::cli
