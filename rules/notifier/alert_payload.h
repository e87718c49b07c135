// SPDX-License-Identifier: Apache-2.0
// An alert on its way to one Alertmanager, and the body of POST /api/v2/alerts.
//
// Threads: values and a pure function.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "rules/notification.h"

namespace sloburn::rules {

struct OutgoingAlert {
  Labels labels;                                // as this Alertmanager is to see them
  std::shared_ptr<const AlertMessage> message;  // all else; shared by all Alertmanagers
  bool is_resolved = false;                     // its end had come when it was sent
  // Set to true once it is taken: its own, and those of messages about the same alert that it has
  // replaced.
  std::vector<std::shared_ptr<std::atomic<bool>>> is_delivered = {};
};

// A JSON array in their order; times in UTC with milliseconds.
std::string AlertsToJson(const std::vector<OutgoingAlert>& alerts);

}  // namespace sloburn::rules
