// SPDX-License-Identifier: Apache-2.0
#include "rules/notifier/notifier.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/label_builder.h"

namespace sloburn::rules {
namespace {

void MarkDelivered(const OutgoingAlert& alert) {
  for (const auto& flag : alert.is_delivered) flag->store(true);
}

OutgoingAlert ToOutgoing(AlertMessage message, Labels labels, absl::Time now) {
  OutgoingAlert alert;
  alert.labels = std::move(labels);
  alert.is_resolved = message.ends_at <= now;
  if (message.is_delivered != nullptr) {
    alert.is_delivered.push_back(message.is_delivered);
  } else if (alert.is_resolved) {
    // Each queue is to know whether another one has delivered it.
    alert.is_delivered.push_back(std::make_shared<std::atomic<bool>>(false));
  }
  alert.message = std::make_shared<const AlertMessage>(std::move(message));
  return alert;
}

}  // namespace

absl::StatusOr<Notifier::Change> Notifier::Prepare(const NotifierConfig& config) const {
  std::vector<QueuePtr> old;
  {
    absl::MutexLock lock(&mutex_);
    old = queues_;
  }
  const auto take = [&old](const auto& fits) -> QueuePtr {
    const auto found = std::find_if(old.begin(), old.end(),
                                    [&](const QueuePtr& one) { return fits(one->alertmanager()); });
    if (found == old.end()) return nullptr;
    QueuePtr queue = *found;
    old.erase(found);
    return queue;
  };
  Change change;
  change.external_labels_ = config.external_labels;
  change.alert_relabel_ = config.alert_relabel;
  // Unchanged ones first: a changed one of the same url must not take their queue.
  for (const AlertmanagerOptions& wanted : config.alertmanagers) {
    change.queues_.push_back(take([&](const AlertmanagerOptions& one) { return one == wanted; }));
  }
  for (size_t i = 0; i < config.alertmanagers.size(); ++i) {
    if (change.queues_[i] != nullptr) continue;
    const AlertmanagerOptions& wanted = config.alertmanagers[i];
    auto created = AlertmanagerQueue::Create(wanted, options_.queue);
    if (!created.ok()) {
      return absl::Status(created.status().code(), StrCat("alertmanager ", wanted.http.url, ": ",
                                                          std::string(created.status().message())));
    }
    change.queues_[i] = *std::move(created);
    if (QueuePtr replaced =
            take([&](const AlertmanagerOptions& one) { return one.http.url == wanted.http.url; })) {
      change.queues_[i]->Hold();
      change.take_overs_.emplace_back(change.queues_[i], std::move(replaced));
    }
  }
  return change;
}

void Notifier::Install(Change change) {
  JoinRetired(/*waits=*/false);
  std::set<QueuePtr> used(change.queues_.begin(), change.queues_.end());
  for (const auto& [taker, replaced] : change.take_overs_) used.insert(replaced);
  {
    absl::MutexLock lock(&mutex_);
    external_labels_ = std::move(change.external_labels_);
    alert_relabel_ = std::move(change.alert_relabel_);
    queues_.swap(change.queues_);
  }
  for (const auto& [taker, replaced] : change.take_overs_) {
    taker->Release(replaced->StopAndTake());
  }
  for (const QueuePtr& queue : change.queues_) {
    if (used.count(queue) == 0) Retire(queue);
  }
}

std::vector<OutgoingAlert> Notifier::Relabelled(std::vector<AlertMessage> messages) const {
  const absl::Time now =
      options_.queue.clock != nullptr ? options_.queue.clock->Now() : absl::Now();
  std::vector<OutgoingAlert> alerts;
  alerts.reserve(messages.size());
  for (AlertMessage& message : messages) {
    std::optional<Labels> labels =
        Relabel(AddMissingLabels(message.labels, external_labels_), alert_relabel_);
    OutgoingAlert alert = ToOutgoing(std::move(message), labels.value_or(Labels()), now);
    if (labels && !queues_.empty()) {
      alerts.push_back(std::move(alert));
    } else {
      MarkDelivered(alert);
    }
  }
  return alerts;
}

void Notifier::Send(std::vector<AlertMessage> messages) {
  absl::MutexLock lock(&mutex_);
  if (is_stopped_) return;
  const std::vector<OutgoingAlert> alerts = Relabelled(std::move(messages));
  std::vector<std::vector<OutgoingAlert>> shares(queues_.size());
  for (const OutgoingAlert& alert : alerts) {
    bool is_wanted = false;
    for (size_t i = 0; i < queues_.size(); ++i) {
      std::optional<Labels> labels =
          Relabel(alert.labels, queues_[i]->alertmanager().alert_relabel);
      if (!labels) continue;
      is_wanted = true;
      shares[i].push_back(alert);
      shares[i].back().labels = *std::move(labels);
    }
    if (!is_wanted) MarkDelivered(alert);
  }
  for (size_t i = 0; i < queues_.size(); ++i) {
    if (!shares[i].empty()) queues_[i]->Add(std::move(shares[i]));
  }
}

void Notifier::Retire(QueuePtr queue) {
  auto is_done = std::make_shared<std::atomic<bool>>(false);
  retired_.push_back(
      {is_done, std::thread([queue = std::move(queue), is_done, drain = options_.drain] {
         queue->Stop(drain);
         *is_done = true;
       })});
}

void Notifier::JoinRetired(bool waits) {
  std::erase_if(retired_, [waits](Retired& one) {
    if (!waits && !*one.is_done) return false;
    one.thread.join();
    return true;
  });
}

void Notifier::Stop() {
  std::vector<QueuePtr> queues;
  {
    absl::MutexLock lock(&mutex_);
    queues.swap(queues_);
    is_stopped_ = true;
  }
  for (QueuePtr& queue : queues) Retire(std::move(queue));
  JoinRetired(/*waits=*/true);
}

std::vector<AlertmanagerStats> Notifier::Stats() const {
  absl::MutexLock lock(&mutex_);
  std::vector<AlertmanagerStats> stats;
  for (const QueuePtr& queue : queues_) stats.push_back(queue->Stats());
  return stats;
}

}  // namespace sloburn::rules
