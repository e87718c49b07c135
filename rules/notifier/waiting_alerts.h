// SPDX-License-Identifier: Apache-2.0
// The alerts that wait for one Alertmanager: at most one per label set, the newest, in the place of
// the first that waited. So an alert that is told of again and again while an Alertmanager is down
// takes one place, and all have their turn.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "rules/notifier/alert_payload.h"

namespace sloburn::rules {

class WaitingAlerts {
 public:
  // REQUIRES: capacity > 0.
  explicit WaitingAlerts(size_t capacity) : capacity_(capacity) {}

  size_t size() const { return order_.size(); }
  bool empty() const { return order_.empty(); }

  // Adds at the end, or in the place of what waits about the same alert. Returns how many of the
  // first were dropped for want of room.
  size_t Add(std::vector<OutgoingAlert> alerts);

  // Puts back, before all others, what TakeBatch gave. What is newer about the same alert stays
  // instead. Returns as Add does.
  size_t PutBack(std::vector<OutgoingAlert> alerts);

  // Drops what is not worth telling any more at `now`, and returns how much that was: firing ones
  // whose time is over, since an Alertmanager would take them for resolved, and resolved ones that
  // another Alertmanager has taken and that ended more than 16 minutes ago: they would be told of
  // again for 15, and the last message is not to expire on its way.
  size_t DropExpired(absl::Time now);

  // The first, at most `count`.
  std::vector<OutgoingAlert> TakeBatch(size_t count);

 private:
  using Order = std::list<OutgoingAlert>;

  size_t DropFirst();
  void Erase(Order::iterator position);

  const size_t capacity_;
  Order order_;
  std::unordered_map<Labels, Order::iterator, LabelsHash> by_labels_;
};

}  // namespace sloburn::rules
