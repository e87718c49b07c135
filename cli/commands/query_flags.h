// SPDX-License-Identifier: Apache-2.0
// The --query.* and --enable-feature flags, with Prometheus' names and defaults.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/engine.h"

namespace sloburn::cli {

// --query.max-nesting alone, for commands without the others.
void AddNestingFlag(CLI::App& command, int& max_nesting);

// Errors name the flag.
absl::StatusOr<absl::Duration> ParseDurationFlag(std::string_view flag, const std::string& text);

struct QueryFlags {
  std::string lookback_delta = "5m";
  std::string timeout = "2m";
  int64_t max_samples = 50'000'000;
  std::string max_memory = "0";
  int max_nesting = 500;
  int max_concurrency = 20;
  int threads = 0;
  std::vector<std::string> features;

  void AddTo(CLI::App& command);
  absl::StatusOr<engine::QueryOptions> ToOptions() const;
};

}  // namespace sloburn::cli
