// SPDX-License-Identifier: Apache-2.0
// Where the Alertmanagers of the configuration are.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/config.h"

namespace sloburn::cli {

// Whole URLs of endpoints: http://host:9093/prefix/api/v2/alerts.
struct AlertmanagerUrls {
  std::vector<std::string> active;   // each once
  std::vector<std::string> dropped;  // by relabel_configs
};

// Errors: InvalidArgument for what relabelling made of a target, and for URLs.
absl::StatusOr<AlertmanagerUrls> ResolveTargets(const AlertmanagerConfig& config);

}  // namespace sloburn::cli
