// SPDX-License-Identifier: Apache-2.0
// Alerts for the notifier's tests, told by their labels {alertname="..."}.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "rules/notifier/alert_payload.h"

namespace sloburn::rules {

inline AlertMessage FiringMessage(const std::string& name) {
  AlertMessage message;
  message.labels = Labels::FromPairs({{"alertname", name}});
  message.annotations = {{"summary", name + " fires"}};
  message.starts_at = absl::Now() - absl::Minutes(1);
  message.ends_at = absl::Now() + absl::Minutes(4);
  message.is_delivered = std::make_shared<std::atomic<bool>>(false);
  return message;
}

inline AlertMessage ResolvedMessage(const std::string& name) {
  AlertMessage message = FiringMessage(name);
  message.ends_at = absl::Now() - absl::Seconds(1);
  return message;
}

inline OutgoingAlert Outgoing(const AlertMessage& message) {
  return {message.labels,
          std::make_shared<const AlertMessage>(message),
          message.ends_at <= absl::Now(),
          {message.is_delivered}};
}

inline OutgoingAlert Firing(const std::string& name) { return Outgoing(FiringMessage(name)); }
inline OutgoingAlert Resolved(const std::string& name) { return Outgoing(ResolvedMessage(name)); }

}  // namespace sloburn::rules
