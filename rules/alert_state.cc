// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_state.h"

#include <algorithm>

namespace sloburn::rules {
namespace {

constexpr auto kByLabels = [](const auto& a, const auto& b) { return a.labels < b.labels; };
constexpr absl::Time kNever = absl::InfinitePast();

Alert NewAlert(AlertElement element, absl::Time eval_time) {
  Alert alert;
  alert.labels = std::move(element.labels);
  alert.annotations = std::move(element.annotations);
  alert.value = element.value;
  alert.active_at = eval_time;
  return alert;
}

// The element of an alert is there again, or still.
void Refresh(Alert& alert, AlertElement element, absl::Time eval_time) {
  if (alert.state == AlertState::kInactive) {
    alert = NewAlert(std::move(element), eval_time);
    return;
  }
  alert.value = element.value;
  alert.annotations = std::move(element.annotations);
  alert.keep_firing_since = kNever;
}

// The element is absent. Returns false when the alert is to be forgotten.
bool Fade(Alert& alert, absl::Time eval_time, const AlertTiming& timing) {
  if (alert.state == AlertState::kFiring && timing.keep_firing_for > absl::ZeroDuration()) {
    if (alert.keep_firing_since == kNever) alert.keep_firing_since = eval_time;
    if (eval_time - alert.keep_firing_since < timing.keep_firing_for) return true;
  }
  if (alert.state == AlertState::kPending) return false;
  const absl::Duration retention =
      alert.awaits_delivery() ? kUndeliveredRetention : kResolvedRetention;
  if (alert.is_resolved() && eval_time - alert.resolved_at > retention) return false;
  if (alert.state != AlertState::kInactive) {
    alert.state = AlertState::kInactive;
    alert.resolved_at = eval_time;
  }
  return true;
}

// Moves between pending and firing; both ways, since a reload may have raised `for`.
void ApplyHold(Alert& alert, absl::Time eval_time, const AlertTiming& timing) {
  const bool has_held = eval_time - alert.active_at >= timing.hold;
  if (alert.state == AlertState::kPending && has_held) {
    alert.state = AlertState::kFiring;
    alert.fired_at = eval_time;
  } else if (alert.state == AlertState::kFiring && !has_held) {
    alert.state = AlertState::kPending;
    alert.fired_at = kNever;
    alert.keep_firing_since = kNever;
  }
}

}  // namespace

AlertStates AlertStates::Next(std::vector<AlertElement> elements, absl::Time eval_time,
                              const AlertTiming& timing) const {
  std::sort(elements.begin(), elements.end(), kByLabels);
  AlertStates next;
  next.alerts_.reserve(std::max(alerts_.size(), elements.size()));
  auto old = alerts_.begin();
  auto element = elements.begin();
  // Both lists are sorted by labels: one pass joins them.
  while (old != alerts_.end() || element != elements.end()) {
    Alert alert;
    if (element == elements.end() || (old != alerts_.end() && old->labels < element->labels)) {
      alert = *old++;
      if (!Fade(alert, eval_time, timing)) continue;
    } else if (old == alerts_.end() || element->labels < old->labels) {
      alert = NewAlert(std::move(*element++), eval_time);
    } else {
      alert = *old++;
      Refresh(alert, std::move(*element++), eval_time);
    }
    if (alert.state != AlertState::kInactive) ApplyHold(alert, eval_time, timing);
    next.alerts_.push_back(std::move(alert));
  }
  return next;
}

std::vector<size_t> AlertStates::MarkSent(absl::Time eval_time, absl::Duration resend_delay) {
  std::vector<size_t> sent;
  for (size_t i = 0; i < alerts_.size(); ++i) {
    Alert& alert = alerts_[i];
    if (alert.state == AlertState::kPending) continue;
    const bool is_due =
        alert.resolved_at > alert.last_sent || alert.last_sent + resend_delay < eval_time;
    if (!is_due) continue;
    alert.last_sent = eval_time;
    sent.push_back(i);
  }
  return sent;
}

AlertStates AlertStates::FromAlerts(std::vector<Alert> alerts) {
  AlertStates states;
  states.alerts_ = std::move(alerts);
  std::sort(states.alerts_.begin(), states.alerts_.end(), kByLabels);
  return states;
}

int64_t AlertStates::CountActive() const {
  return std::count_if(alerts_.begin(), alerts_.end(),
                       [](const Alert& alert) { return alert.state != AlertState::kInactive; });
}

AlertState AlertStates::Highest() const {
  AlertState highest = AlertState::kInactive;
  for (const Alert& alert : alerts_) highest = std::max(highest, alert.state);
  return highest;
}

}  // namespace sloburn::rules
