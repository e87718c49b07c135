// SPDX-License-Identifier: Apache-2.0
// Sends batches of samples to one endpoint by remote write 1.0 or 2.0.
//
//   ASSIGN_OR_RETURN(auto sender, WriteSender::Create(options));
//   if (!sender->Deliver(std::move(batch))) return;  // cancelled
//
// Requests go out one at a time over one connection, so the order of each series is kept, retries
// included. What became of the samples is in Stats():
//   2xx                          sent
//   5xx, 429, network, nonsense  sent again after a pause of 30 ms, doubling to 5 s, with jitter,
//   or
//                                after what Retry-After says; for ever
//   413                          the halves are sent, down to single samples, until it is clear
//                                that nothing fits
//   400, 422                     the halves are tried on their own, by series and then by time,
//                                until the refused samples are found, so that they do not take the
//                                others with them. Given up after max_isolation_requests refusals
//                                with no success between them; the refused ones are dropped
//   other 3xx, 4xx               dropped and logged with the server's words
//
// Of remote write 2.0, the headers that count what was written decide: with them, 2xx and 400 say
// exactly how many samples were refused, and the others are written. A 415, and a 2xx without them
// (a receiver that does not know the message may answer so), make the sender use 1.0 from then on.
//
// A receiver that has a sample, and newer ones of its series, refuses it as out of order. In a
// batch that may be written (WriteBatch), such samples are counted as written before, and the
// search goes on to the last sample, with at most two requests for each. What was sent and may have
// arrived, because the answer was lost or was a 5xx, is such a batch as well.
//
// Floats and histograms of one series go in separate requests (SplitByKind, SplitByTick).
// Threads: Deliver and TakeUnsent by one thread at a time; the others from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/remote/http_client.h"
#include "engine/remote/write_answer.h"
#include "engine/remote/write_batch.h"
#include "engine/remote/write_message.h"
#include "engine/remote/write_stats.h"

namespace sloburn::remote {

struct WriteSenderOptions {
  std::string name = {};        // for logs; empty: the redacted URL
  HttpClientOptions http = {};  // url: the whole endpoint, as /api/v1/write
  WriteMessage message = WriteMessage::kVersion1;
  bool send_native_histograms = true;  // false: they are dropped and counted
  absl::Duration min_backoff = absl::Milliseconds(30);
  absl::Duration max_backoff = absl::Seconds(5);
  absl::Duration max_retry_after = absl::Minutes(5);       // a server may not ask for more
  absl::Duration sample_age_limit = absl::ZeroDuration();  // older ones are dropped; zero: none
  bool retry_on_http_429 = true;
  // Of a request of 1.0. What is then sent again, because its answer was lost, is the newest of
  // each series, which Prometheus takes a second time; by 1.0 it refuses a whole request with older
  // ones.
  bool one_sample_per_series = false;
  int max_isolation_requests = 64;  // refusals in a row; 0: batches are dropped as a whole
};

class WriteSender {
 public:
  // Errors: those of HttpClient::Create, InvalidArgument for the options.
  static absl::StatusOr<std::unique_ptr<WriteSender>> Create(WriteSenderOptions options);

  // Blocks until every sample of the batch is accepted or refused for good (true), or until Cancel
  // was called (false).
  bool Deliver(WriteBatch batch);

  // What the last Deliver, if cancelled, left without a verdict, in the order to send it.
  std::vector<WriteBatch> TakeUnsent();

  // Cuts off a request and a pause under way. Later batches are not sent. Idempotent.
  void Cancel();

  // samples_pending is what is under way; the owner's figures are 0.
  RemoteWriteStats Stats() const;

  const std::string& name() const { return options_.name; }

 private:
  enum class Verdict {
    kDone,     // all counted
    kRefused,  // for good
    kTooLarge,
    kBadData,
    kRetry,      // after a pause
    kSendAgain,  // at once, as the other message
    kCancelled,
  };
  // Of one Deliver, for the log.
  struct Report {
    int64_t refused = 0, written_before = 0;
    std::string error, series;  // of the first refusal
  };

  WriteSender(WriteSenderOptions options, std::unique_ptr<HttpClient> client);
  // Sends until there is a verdict that sending again would not change. Takes samples out of
  // `batch` that cannot be sent, and sets may_be_written.
  Verdict SendWithRetries(WriteBatch& batch);
  absl::StatusOr<HttpResponse> SendOnce(const std::string& body, int attempt);
  Verdict Judge(const absl::StatusOr<HttpResponse>& response, WriteBatch& batch);
  bool MaySplit(Verdict verdict, const WriteBatch& batch);
  void FallBack(const std::string& why);

  // Compressed; nothing where no sample is left.
  std::string Encode(WriteBatch& batch);
  void DropUnwantedHistograms(WriteBatch& batch);
  bool DropTooOld(WriteBatch& batch);

  std::string ErrorText(const absl::StatusOr<HttpResponse>& response) const;
  void LogRetry(const std::string& error, size_t samples);
  void LogReport();
  bool Pause(absl::Duration wait);  // false where it was cancelled
  void CountAccepted(const WriteBatch& batch);
  // `words`: of the answer, whole.
  void CountPartly(const WriteBatch& batch, const WrittenCounts& written, std::string_view words,
                   const std::string& error);
  void Forget(const Removed& removed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const WriteSenderOptions options_;
  const std::unique_ptr<HttpClient> client_;

  // Of the thread that delivers.
  WriteMessage message_;
  std::vector<WriteBatch> unsent_;  // the next to send is last
  Report report_;
  std::string last_error_, last_words_;  // of the last answer
  int refusals_in_a_row_ = 0, too_large_in_a_row_ = 0;
  absl::Time last_retry_log_ = absl::InfinitePast();

  mutable absl::Mutex mutex_;
  absl::CondVar cancelled_;
  bool is_cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  RemoteWriteStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn::remote
