// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_messages.h"

#include <algorithm>
#include <memory>

#include "base/str_cat.h"
#include "rules/alert_template/graph_path.h"

namespace sloburn::rules {

std::vector<AlertMessage> TakeMessages(AlertStates& states, const MessageTiming& timing,
                                       const std::string& generator_url) {
  const absl::Time valid_until =
      timing.eval_time + 4 * std::max(timing.interval, timing.resend_delay);
  std::vector<AlertMessage> messages;
  for (const size_t position : states.MarkSent(timing.eval_time, timing.resend_delay)) {
    Alert& alert = states.at(position);
    AlertMessage message{alert.labels, alert.annotations, alert.fired_at,
                         alert.is_resolved() ? alert.resolved_at : valid_until, generator_url};
    if (alert.is_resolved()) {
      // One that was delivered once stays so, whatever becomes of those after it.
      if (alert.is_delivered == nullptr) {
        alert.is_delivered = std::make_shared<std::atomic<bool>>(false);
      }
      message.is_delivered = alert.is_delivered;
    }
    messages.push_back(std::move(message));
  }
  return messages;
}

std::string GeneratorUrl(std::string_view external_url, std::string_view expr) {
  return StrCat(external_url, GraphPath(expr, GraphTab::kTable));
}

}  // namespace sloburn::rules
