// SPDX-License-Identifier: Apache-2.0
// For tests against real peers. With a configuration file, the notifier that `sloburn serve` would
// have, driven by lines on stdin, each a JSON object:
//   {"relabel": {labels}}     prints what alert_relabel_configs make of the labels, or null
//   {"send": [{"labels", "annotations", "starts_in", "ends_in", "generator_url"}]}
//                             times in seconds from now; prints "sent"
//   {"wait": seconds}         until the last messages are delivered; prints true or false
// The end of the input drains and ends.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/time/clock.h"
#include "cli/config.h"
#include "cli/notifier_config.h"
#include "rules/notifier/notifier.h"

namespace sloburn {
namespace {

using nlohmann::json;

Labels ToLabels(const json& pairs) {
  std::vector<Label> labels;
  for (const auto& [name, value] : pairs.items()) labels.push_back({name, value});
  return Labels::FromPairs(labels);
}

json ToJson(const Labels& labels) {
  json out = json::object();
  for (const Label& label : labels.ToPairs()) out[label.name] = label.value;
  return out;
}

rules::AlertMessage ToMessage(const json& value) {
  rules::AlertMessage message;
  message.labels = ToLabels(value.at("labels"));
  message.annotations = ToLabels(value.value("annotations", json::object())).ToPairs();
  message.starts_at = absl::Now() + absl::Seconds(value.value("starts_in", 0.0));
  message.ends_at = absl::Now() + absl::Seconds(value.at("ends_in").get<double>());
  message.generator_url = value.value("generator_url", "");
  message.is_delivered = std::make_shared<std::atomic<bool>>(false);
  return message;
}

bool WaitDelivered(const std::vector<rules::AlertMessage>& messages, double seconds) {
  const absl::Time deadline = absl::Now() + absl::Seconds(seconds);
  for (const rules::AlertMessage& message : messages) {
    while (!message.is_delivered->load()) {
      if (absl::Now() > deadline) return false;
      absl::SleepFor(absl::Milliseconds(10));
    }
  }
  return true;
}

int Run(const char* path) {
  const auto config = cli::LoadConfigFile(path);
  if (!config.ok()) {
    std::cerr << config.status().message() << "\n";
    return 1;
  }
  rules::Notifier notifier({});
  auto change = notifier.Prepare(*cli::ToNotifierConfig(*config));
  if (!change.ok()) {
    std::cerr << change.status().message() << "\n";
    return 1;
  }
  notifier.Install(*std::move(change));
  std::vector<rules::AlertMessage> last;
  for (std::string line; std::getline(std::cin, line);) {
    const json command = json::parse(line);
    if (command.contains("relabel")) {
      const auto labels =
          Relabel(ToLabels(command["relabel"]), config->alerting.alert_relabel_configs);
      std::cout << (labels ? ToJson(*labels) : json()) << std::endl;
    } else if (command.contains("send")) {
      last.clear();
      for (const json& value : command["send"]) last.push_back(ToMessage(value));
      notifier.Send(last);
      std::cout << "\"sent\"" << std::endl;
    } else {
      std::cout << (WaitDelivered(last, command.at("wait")) ? "true" : "false") << std::endl;
    }
  }
  notifier.Stop();
  return 0;
}

}  // namespace
}  // namespace sloburn

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: notifier_probe CONFIG\n";
    return 2;
  }
  return sloburn::Run(argv[1]);
}
