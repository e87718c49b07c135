// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/remote/prometheus_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/check.h"
#include "base/str_cat.h"
#include "engine/remote/http_client.h"

namespace sloburn::remote {
namespace {

bool IsProgram(const std::string& path) { return access(path.c_str(), X_OK) == 0; }

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

}  // namespace

std::string FindPeer(const std::string& name) {
  std::vector<std::string> places;
  if (const char* directory = std::getenv("PEERS_DIR")) {
    places.push_back(StrCat(std::string_view(directory), "/", name));
    places.push_back(StrCat(std::string_view(directory), "/", name, "/usr/bin/", name));
  }
  if (const char* home = std::getenv("HOME")) {
    places.push_back(StrCat(std::string_view(home), "/.cache/peers/", name, "/usr/bin/", name));
  }
  if (const char* path = std::getenv("PATH")) {
    for (const auto& directory : absl::StrSplit(path, ':')) {
      places.push_back(absl::StrCat(directory, "/", name));
    }
  }
  for (const std::string& place : places) {
    if (IsProgram(place)) return place;
  }
  return "";
}

PrometheusPeer::PrometheusPeer() : port_(FreePort()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "sloburn-peer-XXXXXX").string();
  CHECK(mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
}

bool PrometheusPeer::Run(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const std::string log = directory_ + "/log";
  pid_ = fork();
  if (pid_ == 0) {
    const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  return WaitUntilReady();
}

std::unique_ptr<PrometheusPeer> PrometheusPeer::Start(const std::string& binary,
                                                      const std::string& config,
                                                      const std::vector<std::string>& flags) {
  std::unique_ptr<PrometheusPeer> peer(new PrometheusPeer);
  const std::string config_file = peer->directory_ + "/prometheus.yml";
  std::ofstream(config_file) << config;
  std::vector<std::string> arguments = {binary, "--config.file=" + config_file,
                                        "--storage.tsdb.path=" + peer->directory_ + "/data",
                                        StrCat("--web.listen-address=127.0.0.1:", peer->port_)};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  return peer->Run(std::move(arguments)) ? std::move(peer) : nullptr;
}

std::unique_ptr<PrometheusPeer> PrometheusPeer::StartVictoriaMetrics(const std::string& binary) {
  std::unique_ptr<PrometheusPeer> peer(new PrometheusPeer);
  const bool is_ready = peer->Run({binary, "-storageDataPath=" + peer->directory_ + "/data",
                                   StrCat("-httpListenAddr=127.0.0.1:", peer->port_)});
  return is_ready ? std::move(peer) : nullptr;
}

bool PrometheusPeer::WaitUntilReady() const {
  const auto client = HttpClient::Create({.url = url(), .total_timeout = absl::Seconds(1)});
  for (int i = 0; i < 300; ++i) {
    const auto response = (*client)->Get("/-/ready");  // both have it
    if (response.ok() && response->status == 200) return true;
    absl::SleepFor(absl::Milliseconds(100));
  }
  return false;
}

std::string PrometheusPeer::url(const std::string& path) const {
  return StrCat("http://127.0.0.1:", port_, path);
}

PrometheusPeer::~PrometheusPeer() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace sloburn::remote
