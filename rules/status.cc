// SPDX-License-Identifier: Apache-2.0
#include "rules/status.h"

namespace sloburn::rules {

std::string_view ToText(RuleHealth health) {
  switch (health) {
    case RuleHealth::kUnknown:
      return "unknown";
    case RuleHealth::kOk:
      return "ok";
    case RuleHealth::kError:
      return "err";
  }
  return "unknown";
}

std::string_view ToText(AlertState state) {
  switch (state) {
    case AlertState::kUnknown:
      return "unknown";
    case AlertState::kInactive:
      return "inactive";
    case AlertState::kPending:
      return "pending";
    case AlertState::kFiring:
      return "firing";
  }
  return "unknown";
}

}  // namespace sloburn::rules
