// SPDX-License-Identifier: Apache-2.0
#include "cli/notifier_config.h"

#include <algorithm>

#include "base/status_macros.h"
#include "cli/alertmanager_targets.h"
#include "cli/http_options.h"

namespace sloburn::cli {
namespace {

// Its answers are empty or a message.
constexpr size_t kMaxAnswerBytes = 1 << 20;

}  // namespace

absl::StatusOr<rules::NotifierConfig> ToNotifierConfig(const Config& config) {
  rules::NotifierConfig notifier;
  for (const auto& [name, value] : config.global.external_labels) {
    notifier.external_labels.push_back({name, value});
  }
  notifier.alert_relabel = config.alerting.alert_relabel_configs;
  for (const AlertmanagerConfig& group : config.alerting.alertmanagers) {
    ASSIGN_OR_RETURN(const AlertmanagerUrls urls, ResolveTargets(group));
    for (const std::string& url : urls.active) {
      rules::AlertmanagerOptions options;
      options.http = ToHttpOptions(url, group.http, group.headers, group.timeout);
      options.http.max_response_bytes = kMaxAnswerBytes;
      options.alert_relabel = group.alert_relabel_configs;
      auto& all = notifier.alertmanagers;
      if (std::find(all.begin(), all.end(), options) == all.end()) {
        all.push_back(std::move(options));
      }
    }
  }
  return notifier;
}

web::Alertmanagers ListAlertmanagers(const AlertingConfig& alerting) {
  web::Alertmanagers all;
  for (const AlertmanagerConfig& group : alerting.alertmanagers) {
    const auto urls = ResolveTargets(group);
    if (!urls.ok()) continue;
    all.active.insert(all.active.end(), urls->active.begin(), urls->active.end());
    all.dropped.insert(all.dropped.end(), urls->dropped.begin(), urls->dropped.end());
  }
  return all;
}

}  // namespace sloburn::cli
