// SPDX-License-Identifier: Apache-2.0
#include "rules/notifier/waiting_alerts.h"

#include <algorithm>
#include <iterator>

namespace sloburn::rules {
namespace {

// Rules tell of an end for 15 minutes, to the minute; the last message needs time for its way.
constexpr absl::Duration kResolvedRetention = absl::Minutes(15 + 1);
// Of one alert that fires and resolves again and again while nobody takes it.
constexpr size_t kMaxReplacedFlags = 16;

// Whoever waits for an older message to be delivered waits for the newer one now.
void InheritFlags(const OutgoingAlert& older, OutgoingAlert& newer) {
  for (const auto& flag : older.is_delivered) {
    const auto& known = newer.is_delivered;
    if (known.size() >= kMaxReplacedFlags) return;
    if (std::find(known.begin(), known.end(), flag) == known.end()) {
      newer.is_delivered.push_back(flag);
    }
  }
}

bool IsTaken(const OutgoingAlert& alert) {
  return std::all_of(alert.is_delivered.begin(), alert.is_delivered.end(),
                     [](const auto& flag) { return flag->load(); });
}

bool IsExpired(const OutgoingAlert& alert, absl::Time now) {
  const absl::Time ends_at = alert.message->ends_at;
  if (!alert.is_resolved) return ends_at <= now;
  return ends_at + kResolvedRetention < now && IsTaken(alert);
}

}  // namespace

void WaitingAlerts::Erase(Order::iterator position) {
  by_labels_.erase(position->labels);
  order_.erase(position);
}

size_t WaitingAlerts::DropFirst() {
  size_t dropped = 0;
  for (; order_.size() > capacity_; ++dropped) Erase(order_.begin());
  return dropped;
}

size_t WaitingAlerts::Add(std::vector<OutgoingAlert> alerts) {
  for (OutgoingAlert& alert : alerts) {
    const auto found = by_labels_.find(alert.labels);
    if (found != by_labels_.end()) {
      InheritFlags(*found->second, alert);
      *found->second = std::move(alert);
      continue;
    }
    const Labels labels = alert.labels;
    by_labels_[labels] = order_.insert(order_.end(), std::move(alert));
  }
  return DropFirst();
}

size_t WaitingAlerts::PutBack(std::vector<OutgoingAlert> alerts) {
  for (auto alert = alerts.rbegin(); alert != alerts.rend(); ++alert) {
    const auto found = by_labels_.find(alert->labels);
    if (found != by_labels_.end()) {
      InheritFlags(*alert, *found->second);
      continue;
    }
    const Labels labels = alert->labels;
    by_labels_[labels] = order_.insert(order_.begin(), std::move(*alert));
  }
  return DropFirst();
}

size_t WaitingAlerts::DropExpired(absl::Time now) {
  size_t dropped = 0;
  for (auto position = order_.begin(); position != order_.end();) {
    const auto next = std::next(position);
    if (IsExpired(*position, now)) {
      Erase(position);
      ++dropped;
    }
    position = next;
  }
  return dropped;
}

std::vector<OutgoingAlert> WaitingAlerts::TakeBatch(size_t count) {
  std::vector<OutgoingAlert> batch;
  while (batch.size() < count && !order_.empty()) {
    by_labels_.erase(order_.front().labels);
    batch.push_back(std::move(order_.front()));
    order_.pop_front();
  }
  return batch;
}

}  // namespace sloburn::rules
