// SPDX-License-Identifier: Apache-2.0
// The flags of the rule engine: what is done about outages, and about alerts.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "cli/sidecar.h"

namespace sloburn::cli {

class RuleFlags {
 public:
  void AddTo(CLI::App& command);
  // Sets what the flags say. Errors: InvalidArgument that names the flag.
  absl::Status ApplyTo(SidecarOptions& options) const;

 private:
  std::string gap_repair_ = "1h";
  std::string for_outage_tolerance_ = "1h";
  std::string for_grace_period_ = "10m";
};

}  // namespace sloburn::cli
