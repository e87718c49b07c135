// SPDX-License-Identifier: Apache-2.0
// A real Prometheus or VictoriaMetrics on a loopback port, in a directory of its own; stopped and
// removed at the end.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace sloburn::remote {

// PEERS_DIR/<name>, or ~/.cache/peers/<name>/usr/bin/<name>, or the PATH; "" where there is none.
std::string FindPeer(const std::string& name);

class PrometheusPeer {
 public:
  // Null where it does not become ready within 30 s. `config` is prometheus.yml's text.
  static std::unique_ptr<PrometheusPeer> Start(const std::string& binary, const std::string& config,
                                               const std::vector<std::string>& flags = {});
  static std::unique_ptr<PrometheusPeer> StartVictoriaMetrics(const std::string& binary);
  ~PrometheusPeer();

  std::string url(const std::string& path = "") const;

 private:
  PrometheusPeer();
  bool Run(std::vector<std::string> arguments);
  bool WaitUntilReady() const;

  pid_t pid_ = -1;
  int port_ = 0;
  std::string directory_;
};

}  // namespace sloburn::remote
