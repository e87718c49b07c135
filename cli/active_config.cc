// SPDX-License-Identifier: Apache-2.0
#include "cli/active_config.h"

#include <utility>

#include "cli/config_text.h"
#include "cli/notifier_config.h"

namespace sloburn::cli {

std::vector<std::string> PatternsOf(const Config& config) {
  std::vector<std::string> patterns = config.rule_files;
  patterns.insert(patterns.end(), config.slo_files.begin(), config.slo_files.end());
  return patterns;
}

ActiveConfig MakeActiveConfig(const Config& config, std::vector<rules::Slo> slos,
                              absl::Time loaded_at) {
  ActiveConfig active;
  active.slos = std::make_shared<const std::vector<rules::Slo>>(std::move(slos));
  active.evaluation_interval = config.global.evaluation_interval;
  active.text = ToYaml(config);
  active.alertmanagers = ListAlertmanagers(config.alerting);
  active.patterns = PatternsOf(config);
  active.external_labels = config.global.external_labels;
  active.loaded_at = loaded_at;
  return active;
}

}  // namespace sloburn::cli
