// SPDX-License-Identifier: Apache-2.0
// What the running process keeps of the configuration in force: for the HTTP API, for metrics, and
// for the next reload. A plain value, which a reload replaces as a whole; any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/config.h"
#include "rules/slo/slo.h"
#include "web/dependencies.h"

namespace sloburn::cli {

struct ActiveConfig {
  std::shared_ptr<const std::vector<rules::Slo>> slos;
  absl::Duration evaluation_interval;
  std::string text;  // YAML, without secrets
  web::Alertmanagers alertmanagers;
  std::vector<std::string> patterns;
  std::map<std::string, std::string> external_labels;
  absl::Time loaded_at;
};

// `slos` are those of the configuration's SLO files.
ActiveConfig MakeActiveConfig(const Config& config, std::vector<rules::Slo> slos,
                              absl::Time loaded_at);

// Of the rule and SLO files.
std::vector<std::string> PatternsOf(const Config& config);

}  // namespace sloburn::cli
