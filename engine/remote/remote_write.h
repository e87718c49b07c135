// SPDX-License-Identifier: Apache-2.0
// Sends samples to one endpoint by remote write 1.0, from a queue with a thread of its own.
//
//   ASSIGN_OR_RETURN(auto writer, RemoteWriter::Create(options));
//   writer->Enqueue(samples);  // never blocks and never fails
//   writer->Flush();           // a tick is over: do not wait for more
//   writer->Stop(absl::Seconds(5));
//
// Samples go out in the order they came, over one connection, one request at a time, so the order
// of each series is kept, retries included. What became of them is in Stats():
//   2xx                          sent
//   5xx, 429, network, nonsense  sent again after a pause of 30 ms, doubling to 5 s, with jitter,
//   or
//                                after what Retry-After says; for ever
//   413                          the batch is halved once
//   400, 422                     the halves are tried on their own until the refused series are
//                                found (bounded by max_isolation_requests), so that one bad series
//                                does not take the others with it; the refused ones are dropped
//   other 3xx, 4xx               dropped and logged with the server's words
//   queue full                   the oldest are dropped and logged
//
// Threads: every function may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/model/sample.h"
#include "engine/remote/http_client.h"

namespace sloburn::remote {

struct RemoteWriterOptions {
  std::string name = {};        // for logs; empty: the redacted URL
  HttpClientOptions http = {};  // url: the whole endpoint, as /api/v1/write
  size_t capacity = 500'000;    // samples waiting
  size_t max_samples_per_send = 2000;
  absl::Duration batch_send_deadline = absl::Seconds(5);
  absl::Duration min_backoff = absl::Milliseconds(30);
  absl::Duration max_backoff = absl::Seconds(5);
  absl::Duration max_retry_after = absl::Minutes(5);  // a server may not ask for more
  bool retry_on_http_429 = true;
  int max_isolation_requests = 64;          // extra requests to find refused series, per batch
  std::vector<Label> external_labels = {};  // added where a series lacks them
};

struct RemoteWriteStats {
  int64_t samples_sent = 0;
  int64_t samples_failed = 0;   // refused by the endpoint
  int64_t samples_retried = 0;  // each time that they were sent again
  int64_t samples_dropped = 0;  // queue full, or left at Stop
  int64_t samples_pending = 0;  // waiting or under way
  int64_t requests = 0;
  int64_t bytes_sent = 0;       // compressed
  int64_t highest_sent_ms = 0;  // newest timestamp that was accepted
  std::string last_error;       // "" where the last request succeeded
  absl::Time last_success_time = absl::InfinitePast();
};

class RemoteWriter {
 public:
  // Starts the thread. Errors: those of HttpClient::Create, InvalidArgument for the options.
  static absl::StatusOr<std::unique_ptr<RemoteWriter>> Create(RemoteWriterOptions options);
  ~RemoteWriter();  // Stop(0)

  void Enqueue(std::vector<SeriesSample> samples);
  void Flush();

  // False where samples are still pending at the deadline.
  bool WaitUntilSent(absl::Duration timeout);

  // Sends what is pending for at most `drain`, then drops and counts the rest. A request under way
  // is cut off. Idempotent.
  void Stop(absl::Duration drain);

  // Ends at once and gives back what the endpoint has not accepted, in the order of each series,
  // for another writer to send. A request under way is cut off and its samples, which already have
  // their external labels, are among them: the endpoint may get them twice.
  std::vector<SeriesSample> StopAndTake();

  RemoteWriteStats Stats() const;
  const std::string& name() const { return options_.name; }

 private:
  enum class Verdict { kAccepted, kRefused, kTooLarge, kBadData, kStopped };
  struct Batch {
    std::vector<SeriesSamples> series;
    size_t samples = 0;
    int64_t newest_ms = 0;
  };
  struct Queued {
    SeriesSample sample;
    absl::Time since;
  };

  RemoteWriter(RemoteWriterOptions options, std::unique_ptr<HttpClient> client);
  void Run();
  void EndThread();
  std::optional<Batch> NextBatch();
  void Deliver(Batch batch);
  // Sends until there is a verdict that sending again would not change.
  Verdict SendWithRetries(const Batch& batch);
  absl::StatusOr<HttpResponse> SendOnce(const std::string& body, int attempt);
  bool Pause(absl::Duration wait);  // false where it was stopped
  void CountAccepted(const Batch& batch);
  void CountRefused(const Batch& batch, std::string_view why);
  bool HasBatch() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RemoteWriterOptions options_;
  const std::unique_ptr<HttpClient> client_;

  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<Queued> queue_ ABSL_GUARDED_BY(mutex_);
  size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t flush_until_ ABSL_GUARDED_BY(mutex_) = 0;  // so many of the queue need not wait
  bool is_draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_stopped_ ABSL_GUARDED_BY(mutex_) = false;
  RemoteWriteStats stats_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_drop_log_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();

  std::vector<Batch> unsent_;  // the thread's own until it has ended: the next to send is last
  std::string last_refusal_;                          // the thread's own
  absl::Time last_retry_log_ = absl::InfinitePast();  // the thread's own
  std::thread thread_;
};

// The pause that a Retry-After value asks for (seconds, or an HTTP date); nullopt for nonsense.
std::optional<absl::Duration> ParseRetryAfter(std::string_view value, absl::Time now);

}  // namespace sloburn::remote
