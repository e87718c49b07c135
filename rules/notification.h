// SPDX-License-Identifier: Apache-2.0
// What an alerting rule tells Alertmanager, and who takes it there.
//
// Threads: an AlertSink may be used from any thread; an AlertMessage is a value.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "engine/model/labels.h"

namespace sloburn::rules {

struct AlertMessage {
  Labels labels;  // with alertname, without external labels: the sink adds those
  std::vector<Label> annotations;
  absl::Time starts_at;       // since when it fires
  absl::Time ends_at;         // when it was resolved, or until when the message holds
  std::string generator_url;  // the expression's page
  // Set by the sink once an Alertmanager has taken the message. May be null.
  std::shared_ptr<std::atomic<bool>> is_delivered = nullptr;
};

class AlertSink {
 public:
  virtual ~AlertSink() = default;
  // Must not block for long: messages wait in a queue.
  virtual void Send(std::vector<AlertMessage> messages) = 0;
};

}  // namespace sloburn::rules
