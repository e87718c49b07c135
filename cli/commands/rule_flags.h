// SPDX-License-Identifier: Apache-2.0
// The flags of the rule engine: what is done about outages, and how alerts are told.
#pragma once

#include <CLI/CLI.hpp>
#include <cstddef>
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
  void AddTemplateLimits(CLI::App& command);

  std::string gap_repair_ = "1h";
  int max_concurrent_evals_ = 4;
  std::string max_template_text_ = "64KB", max_template_output_ = "1MB";
  rules::TemplateLimits templates_;
  std::string for_outage_tolerance_ = "1h";
  std::string for_grace_period_ = "10m";
  std::string resend_delay_ = "1m";
  size_t notification_capacity_ = 10'000;
  size_t notification_batch_size_ = 256;
  bool drains_notifications_ = true;
};

}  // namespace sloburn::cli
