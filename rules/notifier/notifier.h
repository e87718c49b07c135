// SPDX-License-Identifier: Apache-2.0
// Tells alerts to all Alertmanagers: what rules give goes through external labels and relabelling
// into one queue per Alertmanager, so that one that hangs delays no other, and no tick.
//
//   Notifier notifier(options);
//   ASSIGN_OR_RETURN(Notifier::Change change, notifier.Prepare(config));  // nothing changes
//   notifier.Install(std::move(change));                                  // cannot fail
//   notifier.Send(messages);
//
// A message's is_delivered becomes true once one Alertmanager has taken it or a newer one about the
// same alert, or where there is nobody to tell: relabelling drops it, or there is no Alertmanager.
//
// What becomes of the queues in Install: an Alertmanager whose url and options stay keeps its own;
// one with the same url and other options takes over what the old one has not sent; those that are
// gone are drained in the background, as at Stop.
//
// Threads: Send, Alertmanagers and Stats from any thread; Prepare, Install and Stop from one at a
// time.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/model/relabel.h"
#include "rules/notification.h"
#include "rules/notifier/alertmanager_queue.h"

namespace sloburn::rules {

struct NotifierOptions {
  AlertmanagerQueueOptions queue;
  // How long queues may go on sending at the end; zero: what waits is dropped.
  absl::Duration drain = absl::Seconds(5);
};

struct NotifierConfig {
  std::vector<Label> external_labels;  // added where an alert lacks them
  std::vector<RelabelRule> alert_relabel;
  std::vector<AlertmanagerOptions> alertmanagers;
};

class Notifier : public AlertSink {
 private:
  using QueuePtr = std::shared_ptr<AlertmanagerQueue>;

 public:
  // New queues, their threads already running.
  class Change {
    friend class Notifier;
    std::vector<Label> external_labels_;
    std::vector<RelabelRule> alert_relabel_;
    std::vector<QueuePtr> queues_;
    std::vector<std::pair<QueuePtr, QueuePtr>> take_overs_;  // new, old
  };

  explicit Notifier(NotifierOptions options) : options_(options) {}
  ~Notifier() override { Stop(); }

  // Errors: those of AlertmanagerQueue::Create, with the Alertmanager's url.
  absl::StatusOr<Change> Prepare(const NotifierConfig& config) const;
  void Install(Change change);

  void Send(std::vector<AlertMessage> messages) override;

  // Drains all queues side by side; later messages are ignored. Idempotent.
  void Stop();

  // In the order of the configuration.
  std::vector<AlertmanagerStats> Stats() const;
  size_t queue_capacity() const { return options_.queue.capacity; }

 private:
  struct Retired {
    std::shared_ptr<std::atomic<bool>> is_done;
    std::thread thread;
  };

  std::vector<OutgoingAlert> Relabelled(std::vector<AlertMessage> messages) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Retire(QueuePtr queue);
  void JoinRetired(bool waits);

  const NotifierOptions options_;
  mutable absl::Mutex mutex_;
  std::vector<Label> external_labels_ ABSL_GUARDED_BY(mutex_);
  std::vector<RelabelRule> alert_relabel_ ABSL_GUARDED_BY(mutex_);
  std::vector<QueuePtr> queues_ ABSL_GUARDED_BY(mutex_);
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Retired> retired_;  // of the thread that installs
};

}  // namespace sloburn::rules
