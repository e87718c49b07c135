// SPDX-License-Identifier: Apache-2.0
// The flags of the HTTP server: where it listens, who may come in, and its limits.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/sidecar.h"

namespace sloburn::cli {

class WebFlags {
 public:
  void AddTo(CLI::App& command);
  // Sets what the flags say. Errors: InvalidArgument that names the flag.
  absl::Status ApplyTo(SidecarOptions& options) const;

 private:
  std::vector<std::string> listen_addresses_ = {"127.0.0.1:9099"};
  std::string config_file_, external_url_, route_prefix_;
  int max_connections_ = 512;
  std::string tls_handshake_timeout_ = "10s";
};

}  // namespace sloburn::cli
