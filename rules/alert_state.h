// SPDX-License-Identifier: Apache-2.0
// The alerts of one rule and how they move from tick to tick: inactive, pending, firing,
// `for` and `keep_firing_for`. Pure: Next() computes the states after a tick and changes nothing,
// so that a tick whose commit fails has not happened.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "engine/model/labels.h"
#include "rules/status.h"

namespace sloburn::rules {

// An alert that resolved is kept (and would be sent again) for this long.
inline constexpr absl::Duration kResolvedRetention = absl::Minutes(15);

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

  bool is_resolved() const { return resolved_at != absl::InfinitePast(); }
};

struct AlertTiming {
  absl::Duration hold;
  absl::Duration keep_firing_for;
};

class AlertStates {
 public:
  // The states after an evaluation at `eval_time` that gave `elements`, whose labels must differ.
  AlertStates Next(std::vector<AlertElement> elements, absl::Time eval_time,
                   const AlertTiming& timing) const;

  // Pending, firing and recently resolved ones, ordered by labels.
  const std::vector<Alert>& alerts() const { return alerts_; }

  // Pending and firing ones.
  int64_t CountActive() const;

  // firing > pending > inactive.
  AlertState Highest() const;

 private:
  std::vector<Alert> alerts_;
};

}  // namespace sloburn::rules
