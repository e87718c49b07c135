// SPDX-License-Identifier: Apache-2.0
// What the rules are doing, as plain values: made by the manager, shown by the HTTP API.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "engine/model/labels.h"
#include "engine/model/sample.h"

namespace sloburn::rules {

enum class RuleHealth { kUnknown, kOk, kError };
enum class AlertState { kUnknown, kInactive, kPending, kFiring };

std::string_view ToText(RuleHealth health);  // "unknown" "ok" "err"
std::string_view ToText(AlertState state);   // "unknown" "inactive" "pending" "firing"

struct AlertStatus {
  Labels labels;
  std::vector<Label> annotations;
  AlertState state = AlertState::kInactive;
  absl::Time active_at;
  std::optional<absl::Time> keep_firing_since;
  double value = 0;
};

struct RuleStatus {
  bool is_alerting = false;
  std::string name;
  std::string query;                 // canonical text
  std::vector<Label> labels;         // as configured, with group labels, sorted by name
  std::vector<Label> annotations;    // as configured; alerting only
  absl::Duration hold;               // `for`
  absl::Duration keep_firing_for;
  AlertState state = AlertState::kUnknown;  // alerting only: the highest of its alerts
  std::vector<AlertStatus> alerts;          // pending and firing
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  absl::Duration evaluation_time;
  absl::Time last_evaluation = absl::InfinitePast();  // InfinitePast: never
};

struct GroupStatus {
  std::string name;
  std::string file;
  absl::Duration interval;
  int64_t limit = 0;
  absl::Duration evaluation_time;
  absl::Time last_evaluation = absl::InfinitePast();
  int64_t iterations = 0;
  int64_t missed_iterations = 0;
  std::vector<RuleStatus> rules;
};

// Implemented by rules::Manager. Thread-safe.
class StatusSource {
 public:
  virtual ~StatusSource() = default;
  // Ordered by file, then by name.
  virtual std::vector<GroupStatus> Groups() const = 0;
};

}  // namespace sloburn::rules
