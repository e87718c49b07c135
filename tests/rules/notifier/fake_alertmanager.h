// SPDX-License-Identifier: Apache-2.0
// An Alertmanager for tests: keeps what it was told, answers as it is told to.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "rules/notifier/alertmanager_queue.h"
#include "tests/engine/remote/fake_server.h"

namespace sloburn::rules {

// Waits for at most ten seconds.
inline bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return condition();
}

class FakeAlertmanager {
 public:
  using Handler = remote::FakeServer::Handler;

  explicit FakeAlertmanager(Handler handler = TakeAll(), int port = 0)
      : server_(std::move(handler), port) {}

  static Handler TakeAll() {
    return [](const remote::FakeRequest&) { return remote::Answer(200, ""); };
  }

  int port() const { return server_.port(); }
  std::vector<remote::FakeRequest> requests() const { return server_.requests(); }
  AlertmanagerOptions Options() const {
    AlertmanagerOptions options;
    options.http.url = server_.url("/api/v2/alerts");
    options.http.total_timeout = absl::Seconds(10);
    return options;
  }

  static nlohmann::json Alerts(const remote::FakeRequest& request) {
    return nlohmann::json::parse(request.body);
  }

  // "name" or, where it had ended, "name-", of all requests.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const remote::FakeRequest& request : requests()) {
      for (const auto& alert : Alerts(request)) names.push_back(Name(alert));
    }
    return names;
  }

  static std::string Name(const nlohmann::json& alert) {
    absl::Time ends_at;
    std::string error;
    absl::ParseTime(absl::RFC3339_full, alert["endsAt"].get<std::string>(), &ends_at, &error);
    return alert["labels"]["alertname"].get<std::string>() + (ends_at <= absl::Now() ? "-" : "");
  }

 private:
  remote::FakeServer server_;
};

}  // namespace sloburn::rules
