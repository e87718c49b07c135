// SPDX-License-Identifier: Apache-2.0
// The flags of the HTTP server: where it listens, who may come in, and its limits.
#pragma once

#include <CLI/CLI.hpp>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/sidecar.h"

namespace sloburn::cli {

class WebFlags {
 public:
  WebFlags();
  void AddTo(CLI::App& command);
  // Sets what the flags say. Errors: InvalidArgument that names the flag.
  absl::Status ApplyTo(SidecarOptions& options) const;

 private:
  // A limit as text, and where its value goes.
  struct Limit {
    std::string name, help, text;
    std::function<absl::Status(const Limit&, SidecarOptions&)> apply;
  };
  void AddTime(std::string name, std::string text, std::string help,
               std::function<absl::Duration&(SidecarOptions&)> room);
  void AddBytes(std::string name, std::string text, std::string help,
                std::function<void(SidecarOptions&, int64_t)> set);
  void AddCount(std::string name, std::string text, std::string help,
                std::function<void(SidecarOptions&, int64_t)> set);
  void AddServerLimits();
  void AddBodyLimits();

  std::vector<std::string> listen_addresses_ = {"127.0.0.1:9099"};
  std::string config_file_, external_url_, route_prefix_;
  std::deque<Limit> limits_;  // flags point into it
};

}  // namespace sloburn::cli
