// SPDX-License-Identifier: Apache-2.0
// The alerts of one rule and how they move from tick to tick: inactive, pending, firing,
// `for` and `keep_firing_for`. Pure: Next() computes the states after a tick and changes nothing,
// so that a tick whose commit fails has not happened.
//
// Copies share the alerts until one is changed. Threads: as a value.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "engine/model/labels.h"
#include "rules/status.h"

namespace sloburn::rules {

// An alert that resolved is kept (and would be sent again) for this long.
inline constexpr absl::Duration kResolvedRetention = absl::Minutes(15);

// One whose end no Alertmanager has been told of, for this long.
inline constexpr absl::Duration kUndeliveredRetention = absl::Hours(24);

// One element of the expression's result, with the labels of the alert it makes.
struct AlertElement {
  Labels labels;
  std::vector<Label> annotations;
  double value = 0;
};

// Times that are not set are InfinitePast.
struct Alert {
  Labels labels;
  std::vector<Label> annotations;
  AlertState state = AlertState::kPending;
  double value = 0;
  absl::Time active_at = absl::InfinitePast();
  absl::Time fired_at = absl::InfinitePast();
  absl::Time resolved_at = absl::InfinitePast();
  absl::Time keep_firing_since = absl::InfinitePast();
  absl::Time last_sent = absl::InfinitePast();  // handed over to be told to Alertmanager
  // Of the last message that told of the resolution; null: there is none to wait for. Until it is
  // true the alert is kept, and told of again.
  std::shared_ptr<std::atomic<bool>> is_delivered = nullptr;

  // Of the alert's samples; AlertingRule makes them once.
  struct Series {
    Labels pending, firing;  // ALERTS
    Labels for_state;        // ALERTS_FOR_STATE
  } series = {};

  bool is_resolved() const { return resolved_at != absl::InfinitePast(); }
  bool awaits_delivery() const { return is_delivered != nullptr && !is_delivered->load(); }
};

struct AlertTiming {
  absl::Duration hold;
  absl::Duration keep_firing_for;
};

class AlertStates {
 public:
  // The states after an evaluation at `eval_time` that gave `elements`, ordered by labels, which must
  // differ.
  AlertStates Next(std::vector<AlertElement> elements, absl::Time eval_time,
                   const AlertTiming& timing) const;

  // Pending, firing and recently resolved ones, ordered by labels.
  const std::vector<Alert>& alerts() const;

  // Notes `eval_time` as last_sent of the alerts that are to be told to Alertmanager now: firing
  // and resolved ones at once when they become so, and then after each `resend_delay`. Gives their
  // positions in alerts().
  std::vector<size_t> MarkSent(absl::Time eval_time, absl::Duration resend_delay);

  // As they were written down, ordered by labels.
  static AlertStates FromAlerts(std::vector<Alert> alerts);
  // For what is known from elsewhere about an alert: the position is one in alerts().
  Alert& at(size_t position) { return Mutable()[position]; }

  // Pending and firing ones.
  int64_t CountActive() const;

  // firing > pending > inactive.
  AlertState Highest() const;

 private:
  std::vector<Alert>& Mutable();

  std::shared_ptr<std::vector<Alert>> alerts_;  // null: none; changed only where nobody shares them
};

}  // namespace sloburn::rules
