// SPDX-License-Identifier: Apache-2.0
// Sends batches of samples to one endpoint by remote write 1.0.
//
//   ASSIGN_OR_RETURN(auto sender, WriteSender::Create(options));
//   if (!sender->Deliver(std::move(batch))) return;  // cancelled
//
// Batches go out one at a time over one connection, so the order of each series is kept, retries
// included. What became of the samples is in Stats():
//   2xx                          sent
//   5xx, 429, network, nonsense  sent again after a pause of 30 ms, doubling to 5 s, with jitter,
//   or
//                                after what Retry-After says; for ever
//   413                          the batch is halved once
//   400, 422                     the halves are tried on their own until the refused series are
//                                found (bounded by max_isolation_requests), so that one bad series
//                                does not take the others with it; the refused ones are dropped
//   other 3xx, 4xx               dropped and logged with the server's words
//
// Threads: Deliver and TakeUnsent by one thread at a time; the others from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/model/sample.h"
#include "engine/remote/http_client.h"

namespace sloburn::remote {

struct WriteSenderOptions {
  std::string name = {};        // for logs; empty: the redacted URL
  HttpClientOptions http = {};  // url: the whole endpoint, as /api/v1/write
  absl::Duration min_backoff = absl::Milliseconds(30);
  absl::Duration max_backoff = absl::Seconds(5);
  absl::Duration max_retry_after = absl::Minutes(5);  // a server may not ask for more
  bool retry_on_http_429 = true;
  int max_isolation_requests = 64;  // extra requests to find refused series, per batch
};

// What goes out as one request, its labels final: with external labels, and relabelled.
struct WriteBatch {
  std::vector<SeriesSamples> series;  // each once; its samples in the order of their time
  size_t samples = 0;                 // in `series`, histograms included
  int64_t newest_ms = 0;
};

struct RemoteWriteStats {
  int64_t samples_sent = 0;
  int64_t samples_failed = 0;   // refused by the endpoint
  int64_t samples_retried = 0;  // each time that they were sent again
  int64_t samples_dropped = 0;  // by the owner of the sender, before they were sent
  int64_t samples_pending = 0;  // waiting or under way
  int64_t requests = 0;
  int64_t bytes_sent = 0;       // compressed
  int64_t highest_sent_ms = 0;  // newest timestamp that was accepted
  std::string last_error;       // "" where the last request succeeded
  absl::Time last_success_time = absl::InfinitePast();
};

class WriteSender {
 public:
  // Errors: those of HttpClient::Create, InvalidArgument for the options.
  static absl::StatusOr<std::unique_ptr<WriteSender>> Create(WriteSenderOptions options);

  // Blocks until every sample of the batch is accepted or refused for good (true), or until Cancel
  // was called (false).
  bool Deliver(WriteBatch batch);

  // What the last Deliver, if cancelled, left without a verdict, in the order to send it. The
  // request that was cut off is the first; the endpoint may have its samples.
  std::vector<WriteBatch> TakeUnsent();

  // Cuts off a request and a pause under way. Later batches are not sent. Idempotent.
  void Cancel();

  // samples_pending is what is under way, samples_dropped is 0.
  RemoteWriteStats Stats() const;

  const std::string& name() const { return options_.name; }

 private:
  enum class Verdict { kAccepted, kRefused, kTooLarge, kBadData, kCancelled };

  WriteSender(WriteSenderOptions options, std::unique_ptr<HttpClient> client);
  // Sends until there is a verdict that sending again would not change.
  Verdict SendWithRetries(const WriteBatch& batch);
  absl::StatusOr<HttpResponse> SendOnce(const std::string& body, int attempt);
  void LogRetry(const std::string& error, size_t samples);
  bool Pause(absl::Duration wait);  // false where it was cancelled
  void CountAccepted(const WriteBatch& batch);
  void CountRefused(const WriteBatch& batch);

  const WriteSenderOptions options_;
  const std::unique_ptr<HttpClient> client_;

  // Of the thread that delivers.
  std::vector<WriteBatch> unsent_;  // the next to send is last
  std::string last_refusal_;
  absl::Time last_retry_log_ = absl::InfinitePast();

  mutable absl::Mutex mutex_;
  absl::CondVar cancelled_;
  bool is_cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  RemoteWriteStats stats_ ABSL_GUARDED_BY(mutex_);
};

// The pause that a Retry-After value asks for (seconds, or an HTTP date); nullopt for nonsense.
std::optional<absl::Duration> ParseRetryAfter(std::string_view value, absl::Time now);

}  // namespace sloburn::remote
