// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_state.h"

#include <algorithm>

namespace sloburn::rules {
namespace {

constexpr auto kByLabels = [](const Alert& a, const Alert& b) { return a.labels < b.labels; };
constexpr absl::Time kNever = absl::InfinitePast();

Alert NewAlert(AlertElement element, absl::Time eval_time) {
  Alert alert;
  alert.labels = std::move(element.labels);
  alert.annotations = std::move(element.annotations);
  alert.value = element.value;
  alert.active_at = eval_time;
  return alert;
}

// The element of `old` is there again, or still.
Alert Refreshed(const Alert& old, AlertElement element, absl::Time eval_time) {
  Alert alert = NewAlert(std::move(element), eval_time);
  alert.labels = old.labels;  // equal; one copy is enough
  alert.series = old.series;
  if (old.state == AlertState::kInactive) return alert;
  alert.state = old.state;
  alert.active_at = old.active_at;
  alert.fired_at = old.fired_at;
  alert.last_sent = old.last_sent;
  return alert;
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
  std::vector<Alert> next;
  next.reserve(std::max(alerts().size(), elements.size()));
  auto old = alerts().begin();
  const auto old_end = alerts().end();
  auto element = elements.begin();
  // Both lists are ordered by labels: one pass joins them.
  while (old != old_end || element != elements.end()) {
    const bool has_both = old != old_end && element != elements.end();
    if (has_both && old->labels == element->labels) {
      next.push_back(Refreshed(*old++, std::move(*element++), eval_time));
    } else if (element == elements.end() || (has_both && old->labels < element->labels)) {
      next.push_back(*old++);
      if (!Fade(next.back(), eval_time, timing)) {
        next.pop_back();
        continue;
      }
    } else {
      next.push_back(NewAlert(std::move(*element++), eval_time));
    }
    if (next.back().state != AlertState::kInactive) ApplyHold(next.back(), eval_time, timing);
  }
  AlertStates states;
  if (!next.empty()) states.alerts_ = std::make_shared<std::vector<Alert>>(std::move(next));
  return states;
}

const std::vector<Alert>& AlertStates::alerts() const {
  static const std::vector<Alert> kNone;
  return alerts_ == nullptr ? kNone : *alerts_;
}

std::vector<Alert>& AlertStates::Mutable() {
  if (alerts_ == nullptr) {
    alerts_ = std::make_shared<std::vector<Alert>>();
  } else if (alerts_.use_count() > 1) {
    alerts_ = std::make_shared<std::vector<Alert>>(*alerts_);
  }
  return *alerts_;
}

std::vector<size_t> AlertStates::MarkSent(absl::Time eval_time, absl::Duration resend_delay) {
  std::vector<size_t> sent;
  for (size_t i = 0; i < alerts().size(); ++i) {
    const Alert& alert = alerts()[i];
    if (alert.state == AlertState::kPending) continue;
    const bool is_due =
        alert.resolved_at > alert.last_sent || alert.last_sent + resend_delay < eval_time;
    if (!is_due) continue;
    sent.push_back(i);
  }
  if (sent.empty()) return sent;
  std::vector<Alert>& changed = Mutable();
  for (const size_t i : sent) changed[i].last_sent = eval_time;
  return sent;
}

AlertStates AlertStates::FromAlerts(std::vector<Alert> alerts) {
  AlertStates states;
  std::sort(alerts.begin(), alerts.end(), kByLabels);
  if (!alerts.empty()) states.alerts_ = std::make_shared<std::vector<Alert>>(std::move(alerts));
  return states;
}

int64_t AlertStates::CountActive() const {
  return std::count_if(alerts().begin(), alerts().end(),
                       [](const Alert& alert) { return alert.state != AlertState::kInactive; });
}

AlertState AlertStates::Highest() const {
  AlertState highest = AlertState::kInactive;
  for (const Alert& alert : alerts()) highest = std::max(highest, alert.state);
  return highest;
}

}  // namespace sloburn::rules
