// SPDX-License-Identifier: Apache-2.0
// An alerting rule's alerts as messages for Alertmanager.
//
// Threads: the thread that runs the group.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "rules/alert_state.h"
#include "rules/notification.h"

namespace sloburn::rules {

struct MessageTiming {
  absl::Time eval_time;
  absl::Duration interval;      // of the group
  absl::Duration resend_delay;
};

// What is to be told now of `states`, and notes there that it was. A message about a firing alert
// holds for four times the longer of interval and resend delay after the evaluation, as in
// Prometheus; one about a resolved alert ends when that was resolved.
std::vector<AlertMessage> TakeMessages(AlertStates& states, const MessageTiming& timing,
                                       const std::string& generator_url);

// The page of an expression: "<external_url>/graph?g0.expr=...&g0.tab=1".
std::string GeneratorUrl(std::string_view external_url, std::string_view expr);

}  // namespace sloburn::rules
