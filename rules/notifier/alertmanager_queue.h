// SPDX-License-Identifier: Apache-2.0
// One Alertmanager: its alerts wait in a bounded queue and are sent by a thread of its own.
//
//   ASSIGN_OR_RETURN(auto queue, AlertmanagerQueue::Create(alertmanager, options));
//   queue->Add(alerts);               // never blocks for long and never fails
//   queue->Stop(absl::Seconds(5));
//
// What becomes of a batch:
//   2xx                      taken; the messages' flags are set
//   400, 413, 422            halved again and again until the refused alerts are found, which are
//                            dropped and logged, so that one bad alert does not take others along
//   all else, or no answer   put back in the queue and sent again after a pause of 1 s, doubling to
//                            10 s, with jitter, for as long as it is worth telling
//                            (WaitingAlerts::DropExpired)
// Messages about one alert are sent in order, one request at a time.
//
// Threads: Add and Stats from any thread, the others from one at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/latency_window.h"
#include "engine/model/relabel.h"
#include "engine/remote/http_client.h"
#include "rules/notifier/alert_payload.h"
#include "rules/notifier/waiting_alerts.h"

namespace sloburn::rules {

struct AlertmanagerOptions {
  remote::HttpClientOptions http;  // url: the endpoint, .../api/v2/alerts, without userinfo
  std::vector<RelabelRule> alert_relabel = {};  // after those of all Alertmanagers

  friend bool operator==(const AlertmanagerOptions&, const AlertmanagerOptions&) = default;
};

struct AlertmanagerQueueOptions {
  size_t capacity = 10'000;      // alerts waiting; the oldest are dropped
  size_t max_batch_size = 256;   // alerts of one request
  const Clock* clock = nullptr;  // tells when alerts expire; null: the system's
  absl::Duration min_backoff = absl::Seconds(1);
  absl::Duration max_backoff = absl::Seconds(10);
};

struct AlertmanagerStats {
  std::string url;
  int64_t sent = 0;
  int64_t errors = 0;   // alerts of failed requests, once per request
  int64_t dropped = 0;  // refused, expired, for want of room, or left at the end
  int64_t queue_length = 0;
  LatencySummary latency;  // of requests that succeeded
};

class AlertmanagerQueue {
 public:
  // Starts the thread. Errors: those of HttpClient::Create, InvalidArgument for the options.
  static absl::StatusOr<std::unique_ptr<AlertmanagerQueue>> Create(
      AlertmanagerOptions alertmanager, AlertmanagerQueueOptions options);
  ~AlertmanagerQueue();  // Stop(0)

  void Add(std::vector<OutgoingAlert> alerts);

  // Between Hold and Release nothing is sent, so that alerts of another queue, which are older than
  // all that was added meanwhile, can come first.
  void Hold();
  void Release(std::vector<OutgoingAlert> older);

  // Sends what waits for at most `drain`, then drops and counts the rest. A request under way is
  // cut off. Idempotent.
  void Stop(absl::Duration drain);

  // Ends at once and gives back what was not taken, for another queue to send. A request under way
  // is cut off, and its alerts are among them.
  std::vector<OutgoingAlert> StopAndTake();

  AlertmanagerStats Stats() const;
  const AlertmanagerOptions& alertmanager() const { return alertmanager_; }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  enum class Verdict { kTaken, kRefused, kFailed };

  AlertmanagerQueue(AlertmanagerOptions alertmanager, AlertmanagerQueueOptions options,
                    std::unique_ptr<remote::HttpClient> client);
  void Run();
  // Waits for alerts and for the end of a pause. Empty: the thread is to end.
  std::vector<OutgoingAlert> NextBatch();
  void Deliver(std::vector<OutgoingAlert> batch);
  Verdict Send(const std::vector<OutgoingAlert>& batch);
  void CountTaken(const std::vector<OutgoingAlert>& batch, double seconds);
  void DropRefused(const OutgoingAlert& alert);
  void Retry(std::vector<OutgoingAlert> batch);
  void LogDropped(std::string_view why, size_t count);
  void EndThread();

  const AlertmanagerOptions alertmanager_;
  const AlertmanagerQueueOptions options_;
  const std::unique_ptr<remote::HttpClient> client_;
  const std::string url_;

  // Not absl's: waits must not depend on the wall clock, which may be set.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // All of these under mutex_.
  WaitingAlerts waiting_;
  bool is_held_ = false;
  bool is_draining_ = false;
  bool is_stopped_ = false;
  bool is_done_ = false;                       // the thread has nothing more to do
  SteadyTime not_before_ = SteadyTime::min();  // a pause after a failure
  AlertmanagerStats stats_;
  size_t unlogged_drops_ = 0;
  std::optional<SteadyTime> last_drop_log_;
  LatencyWindow latency_;

  // The thread's own.
  absl::Duration backoff_;
  bool is_failing_ = false;  // since a request that was put back
  std::string last_error_;
  std::optional<SteadyTime> last_retry_log_, last_refusal_log_;
  std::thread thread_;
};

}  // namespace sloburn::rules
