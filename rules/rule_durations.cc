// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_durations.h"

namespace sloburn::rules {

void RuleDurations::Add(const TickDurations& tick) {
  const auto now = LatencyWindow::TimePoint::clock::now();
  absl::MutexLock lock(&mutex_);
  ticks_.Add(now, absl::ToDoubleSeconds(tick.tick));
  for (const absl::Duration rule : tick.rules) rules_.Add(now, absl::ToDoubleSeconds(rule));
}

DurationSummaries RuleDurations::Summarize() const {
  const auto now = LatencyWindow::TimePoint::clock::now();
  absl::MutexLock lock(&mutex_);
  return {rules_.Summarize(now), ticks_.Summarize(now)};
}

}  // namespace sloburn::rules
