// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_sender.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "absl/time/clock.h"
#include "base/jitter.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/snappy_block.h"
#include "engine/remote/write_request_v2_encode.h"

namespace sloburn::remote {
namespace {

constexpr absl::Duration kLogPause = absl::Minutes(1);
// Enough to come from 65,536 samples to one.
constexpr int kMostTooLargeInARow = 16;

bool IsRetried(int http_status, bool retry_on_429) {
  if (http_status == 429) return retry_on_429;
  return http_status < 200 || http_status >= 500;  // below 200 and from 600 on is nonsense
}

}  // namespace

absl::StatusOr<std::unique_ptr<WriteSender>> WriteSender::Create(WriteSenderOptions options) {
  if (options.min_backoff <= absl::ZeroDuration() || options.max_backoff < options.min_backoff) {
    return absl::InvalidArgumentError(
        "remote_write: min_backoff must be positive and at most max_backoff");
  }
  if (options.sample_age_limit < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("remote_write: sample_age_limit must not be negative");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> client, HttpClient::Create(options.http));
  if (options.name.empty()) options.name = client->url().Redacted();
  return std::unique_ptr<WriteSender>(new WriteSender(std::move(options), std::move(client)));
}

WriteSender::WriteSender(WriteSenderOptions options, std::unique_ptr<HttpClient> client)
    : options_(std::move(options)), client_(std::move(client)), message_(options_.message) {
  absl::MutexLock lock(&mutex_);
  stats_.url = client_->url().Redacted();
}

void WriteSender::Cancel() {
  {
    absl::MutexLock lock(&mutex_);
    is_cancelled_ = true;
    cancelled_.SignalAll();
  }
  client_->Cancel();
}

RemoteWriteStats WriteSender::Stats() const {
  absl::MutexLock lock(&mutex_);
  return stats_;
}

std::vector<WriteBatch> WriteSender::TakeUnsent() {
  std::vector<WriteBatch> unsent(std::make_move_iterator(unsent_.rbegin()),
                                 std::make_move_iterator(unsent_.rend()));
  unsent_.clear();
  return unsent;
}

bool WriteSender::Deliver(WriteBatch batch) {
  {
    absl::MutexLock lock(&mutex_);
    stats_.samples_pending = static_cast<int64_t>(batch.samples);
    stats_.histograms_pending = CountHistograms(batch);
    stats_.highest_ms = std::max(stats_.highest_ms, batch.newest_ms);
  }
  report_ = {};
  refusals_in_a_row_ = too_large_in_a_row_ = 0;
  DropUnwantedHistograms(batch);
  const bool by_tick = message_ == WriteMessage::kVersion1 && options_.one_sample_per_series;
  // The next to send is last.
  std::vector<WriteBatch> stack =
      by_tick ? SplitByTick(std::move(batch)) : SplitByKind(std::move(batch));
  std::reverse(stack.begin(), stack.end());
  bool is_cancelled = false;
  while (!stack.empty() && !is_cancelled) {
    WriteBatch next = std::move(stack.back());
    stack.pop_back();
    const Verdict verdict = SendWithRetries(next);
    if (verdict == Verdict::kCancelled) {
      stack.push_back(std::move(next));
      unsent_ = std::move(stack);
      is_cancelled = true;
      break;
    }
    if (verdict == Verdict::kDone) continue;
    if (!MaySplit(verdict, next)) {
      if (report_.series.empty()) report_.series = next.series.front().labels.ToString();
      CountPartly(next, {}, last_words_, last_error_);
      continue;
    }
    auto [first, second] = Halve(std::move(next));
    stack.push_back(std::move(second));
    stack.push_back(std::move(first));
  }
  LogReport();
  return !is_cancelled;
}

bool WriteSender::MaySplit(Verdict verdict, const WriteBatch& batch) {
  const bool goes_on =
      verdict == Verdict::kTooLarge
          ? ++too_large_in_a_row_ <= kMostTooLargeInARow
          : verdict == Verdict::kBadData &&
                (batch.may_be_written || ++refusals_in_a_row_ <= options_.max_isolation_requests);
  return goes_on && batch.samples > 1;
}

WriteSender::Verdict WriteSender::SendWithRetries(WriteBatch& batch) {
  std::string body;
  absl::Duration backoff = options_.min_backoff;
  for (int attempt = 0;; ++attempt) {
    if (DropTooOld(batch) || body.empty()) body = Encode(batch);
    if (batch.series.empty()) return Verdict::kDone;
    const absl::StatusOr<HttpResponse> response = SendOnce(body, attempt);
    const Verdict verdict = Judge(response, batch);
    if (verdict == Verdict::kSendAgain) {
      body.clear();
      attempt = -1;
      continue;
    }
    if (verdict != Verdict::kRetry) return verdict;
    absl::Duration wait = backoff * Jitter();
    if (response.ok()) {
      if (const auto asked = ParseRetryAfter(response->Header("retry-after"), absl::Now())) {
        wait = std::min(std::max(*asked, options_.min_backoff), options_.max_retry_after);
      }
    }
    {
      absl::MutexLock lock(&mutex_);
      if (is_cancelled_) return Verdict::kCancelled;
      stats_.last_error = last_error_;
    }
    LogRetry(last_error_, batch.samples);
    if (!Pause(wait)) return Verdict::kCancelled;
    backoff = std::min(backoff * 2, options_.max_backoff);
    absl::MutexLock lock(&mutex_);
    stats_.samples_retried += static_cast<int64_t>(batch.samples);
    stats_.histograms_retried += CountHistograms(batch);
  }
}

WriteSender::Verdict WriteSender::Judge(const absl::StatusOr<HttpResponse>& response,
                                        WriteBatch& batch) {
  last_error_ = ErrorText(response);
  last_words_.clear();
  if (!response.ok()) {
    batch.may_be_written = batch.may_be_written || MayHaveArrived(response.status());
    return Verdict::kRetry;
  }
  last_words_ = response->body;
  const int status = response->status;
  const bool is_success = status / 100 == 2, is_bad_data = status == 400 || status == 422;
  batch.may_be_written = batch.may_be_written || response->was_repeated;
  if (IsRetried(status, options_.retry_on_http_429)) {
    batch.may_be_written = batch.may_be_written || status != 429;
    return Verdict::kRetry;
  }
  if (message_ == WriteMessage::kVersion2) {
    if (status == 415) {
      FallBack(last_error_);
      return Verdict::kSendAgain;
    }
    const WrittenCounts written = ReadWrittenCounts(*response);
    if (written.is_told && (is_success || is_bad_data)) {
      CountPartly(batch, written, last_words_, last_error_);
      return Verdict::kDone;
    }
    if (is_success) {
      batch.may_be_written = true;
      FallBack(StrCat(client_->url().Redacted(), " answered ", status,
                      " without the headers that count what was written"));
      return Verdict::kSendAgain;
    }
  }
  if (is_success) {
    CountAccepted(batch);
    return Verdict::kDone;
  }
  if (status == 413) return Verdict::kTooLarge;
  return is_bad_data ? Verdict::kBadData : Verdict::kRefused;
}

void WriteSender::FallBack(const std::string& why) {
  message_ = WriteMessage::kVersion1;
  Log(LogLevel::kWarn, "Remote write 2.0 is not understood, 1.0 is used from now on",
      {{"remote", options_.name}, {"err", why}});
}

std::string WriteSender::ErrorText(const absl::StatusOr<HttpResponse>& response) const {
  if (response.ok() && response->status / 100 == 2) {
    return StrCat(client_->url().Redacted(), " answered ", response->status,
                  ", but did not write all samples");
  }
  return std::string((response.ok() ? client_->ToStatus(*response) : response.status()).message());
}

std::string WriteSender::Encode(WriteBatch& batch) {
  if (message_ == WriteMessage::kVersion2) {
    return SnappyCompress(EncodeWriteRequestV2(batch.series));
  }
  const auto is_unsupported = [](int64_t, const HistogramPtr& histogram) {
    return histogram != nullptr && histogram->uses_custom_buckets();
  };
  if (CountHistograms(batch) > 0) {
    const Removed removed = RemoveSamples(batch, is_unsupported);
    absl::MutexLock lock(&mutex_);
    stats_.histograms_unsupported += removed.histograms;
    Forget(removed);
  }
  return SnappyCompress(EncodeWriteRequest(batch.series));
}

void WriteSender::DropUnwantedHistograms(WriteBatch& batch) {
  if (options_.send_native_histograms || CountHistograms(batch) == 0) return;
  const Removed removed = RemoveSamples(
      batch, [](int64_t, const HistogramPtr& histogram) { return histogram != nullptr; });
  bool is_first = false;
  {
    absl::MutexLock lock(&mutex_);
    is_first = stats_.histograms_not_sent == 0;
    stats_.histograms_not_sent += removed.histograms;
    Forget(removed);
  }
  if (is_first) {
    Log(LogLevel::kWarn,
        "Native histograms are not sent; set send_native_histograms to true to send them",
        {{"remote", options_.name}});
  }
}

bool WriteSender::DropTooOld(WriteBatch& batch) {
  if (options_.sample_age_limit == absl::ZeroDuration()) return false;
  const int64_t oldest_ms = absl::ToUnixMillis(absl::Now() - options_.sample_age_limit);
  const Removed removed = RemoveSamples(
      batch, [oldest_ms](int64_t time, const HistogramPtr&) { return time < oldest_ms; });
  if (removed.floats + removed.histograms == 0) return false;
  absl::MutexLock lock(&mutex_);
  stats_.samples_too_old += removed.floats + removed.histograms;
  stats_.histograms_too_old += removed.histograms;
  Forget(removed);
  return true;
}

void WriteSender::Forget(const Removed& removed) {
  stats_.samples_pending -= removed.floats + removed.histograms;
  stats_.histograms_pending -= removed.histograms;
}

absl::StatusOr<HttpResponse> WriteSender::SendOnce(const std::string& body, int attempt) {
  const bool is_v2 = message_ == WriteMessage::kVersion2;
  HttpRequest request;
  request.method = "POST";
  request.body = body;
  request.needs_body = false;
  request.headers = {{"Content-Type", WriteContentType(message_)},
                     {"Content-Encoding", "snappy"},
                     {"X-Prometheus-Remote-Write-Version", is_v2 ? "2.0.0" : "0.1.0"}};
  if (attempt > 0) request.headers.emplace_back("Retry-Attempt", StrCat(attempt));
  const absl::Time start = absl::Now();
  absl::StatusOr<HttpResponse> response = client_->Send(request);
  absl::MutexLock lock(&mutex_);
  ++stats_.requests;
  stats_.bytes_sent += static_cast<int64_t>(body.size());
  stats_.request_durations.Observe(absl::Now() - start);
  return response;
}

void WriteSender::LogRetry(const std::string& error, size_t samples) {
  const absl::Time now = absl::Now();
  if (now - last_retry_log_ < kLogPause) return;
  last_retry_log_ = now;
  Log(LogLevel::kWarn, "Remote write failed and is tried again",
      {{"remote", options_.name}, {"err", error}, {"samples", StrCat(samples)}});
}

void WriteSender::LogReport() {
  if (report_.written_before > 0) {
    Log(LogLevel::kInfo, "Remote write sent samples again that were written before",
        {{"remote", options_.name}, {"samples", StrCat(report_.written_before)}});
  }
  if (report_.refused > 0) {
    Log(LogLevel::kError, "Remote write refused samples, they are dropped",
        {{"remote", options_.name},
         {"err", report_.error},
         {"samples", StrCat(report_.refused)},
         {"series", report_.series}});
  }
}

bool WriteSender::Pause(absl::Duration wait) {
  // By the clock of the wall the pause would last as long as that is set back.
  const auto end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(wait);
  absl::MutexLock lock(&mutex_);
  while (!is_cancelled_) {
    const absl::Duration left = absl::FromChrono(end - std::chrono::steady_clock::now());
    if (left <= absl::ZeroDuration()) break;
    cancelled_.WaitWithTimeout(&mutex_, left);
  }
  return !is_cancelled_;
}

void WriteSender::CountAccepted(const WriteBatch& batch) {
  const int64_t histograms = CountHistograms(batch);
  const auto floats = static_cast<int64_t>(batch.samples) - histograms;
  CountPartly(batch, {true, floats, histograms}, "", "");
}

void WriteSender::CountPartly(const WriteBatch& batch, const WrittenCounts& written,
                              std::string_view words, const std::string& error) {
  const int64_t histograms = CountHistograms(batch);
  const auto floats = static_cast<int64_t>(batch.samples) - histograms;
  const int64_t sent_floats = std::min(written.samples, floats);
  const int64_t sent_histograms = std::min(written.histograms, histograms);
  const int64_t left_floats = floats - sent_floats;
  const int64_t left_histograms = histograms - sent_histograms;
  const int64_t left = left_floats + left_histograms;
  const int64_t known = batch.may_be_written ? CountKnown(words, left) : 0;
  const int64_t known_histograms = std::min(known, left_histograms);
  if (sent_floats + sent_histograms > 0) refusals_in_a_row_ = too_large_in_a_row_ = 0;
  report_.written_before += known;
  report_.refused += left - known;
  if (left > known && report_.error.empty()) report_.error = error;
  absl::MutexLock lock(&mutex_);
  stats_.samples_sent += sent_floats + sent_histograms;
  stats_.histograms_sent += sent_histograms;
  stats_.samples_written_before += known;
  stats_.histograms_written_before += known_histograms;
  stats_.samples_failed += left - known;
  stats_.histograms_failed += left_histograms - known_histograms;
  stats_.samples_pending -= floats + histograms;
  stats_.histograms_pending -= histograms;
  if (left > known) {
    stats_.last_error = error;
    return;
  }
  stats_.highest_sent_ms = std::max(stats_.highest_sent_ms, batch.newest_ms);
  stats_.last_error.clear();
  stats_.last_success_time = absl::Now();
}

}  // namespace sloburn::remote
