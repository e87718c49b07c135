// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_sender.h"

#include <algorithm>
#include <iterator>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/snappy_block.h"

namespace sloburn::remote {
namespace {

constexpr absl::Duration kLogPause = absl::Minutes(1);

double Jitter() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(1.0, 1.2)(random);
}

std::string Text(const absl::Status& status) { return std::string(status.message()); }

bool IsRetried(int http_status, bool retry_on_429) {
  if (http_status == 429) return retry_on_429;
  return http_status < 300 || http_status >= 500;  // below 200 and from 600 on is nonsense
}

void AddSeries(SeriesSamples series, WriteBatch& batch) {
  batch.samples += series.samples.size() + series.histograms.size();
  for (const Sample& sample : series.samples) {
    batch.newest_ms = std::max(batch.newest_ms, sample.timestamp_ms);
  }
  for (const HistogramSample& sample : series.histograms) {
    batch.newest_ms = std::max(batch.newest_ms, sample.timestamp_ms);
  }
  batch.series.push_back(std::move(series));
}

std::pair<WriteBatch, WriteBatch> Halve(WriteBatch batch) {
  const size_t middle = batch.series.size() / 2;
  std::pair<WriteBatch, WriteBatch> halves;
  for (size_t i = 0; i < batch.series.size(); ++i) {
    AddSeries(std::move(batch.series[i]), i < middle ? halves.first : halves.second);
  }
  return halves;
}

}  // namespace

std::optional<absl::Duration> ParseRetryAfter(std::string_view value, absl::Time now) {
  int64_t seconds = 0;
  if (absl::SimpleAtoi(ToAbsl(value), &seconds)) {
    if (seconds < 0) return std::nullopt;
    return absl::Seconds(seconds);
  }
  absl::Time time;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", ToAbsl(value), &time, nullptr)) {
    return std::nullopt;
  }
  return std::max(absl::ZeroDuration(), time - now);
}

absl::StatusOr<std::unique_ptr<WriteSender>> WriteSender::Create(WriteSenderOptions options) {
  if (options.min_backoff <= absl::ZeroDuration() || options.max_backoff < options.min_backoff) {
    return absl::InvalidArgumentError(
        "remote_write: min_backoff must be positive and at most max_backoff");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> client, HttpClient::Create(options.http));
  if (options.name.empty()) options.name = client->url().Redacted();
  return std::unique_ptr<WriteSender>(new WriteSender(std::move(options), std::move(client)));
}

WriteSender::WriteSender(WriteSenderOptions options, std::unique_ptr<HttpClient> client)
    : options_(std::move(options)), client_(std::move(client)) {}

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
  }
  std::vector<WriteBatch> stack;  // the next to send is last
  stack.push_back(std::move(batch));
  int isolation_requests = 0;
  bool has_split_for_size = false;
  while (!stack.empty()) {
    WriteBatch next = std::move(stack.back());
    stack.pop_back();
    const Verdict verdict = SendWithRetries(next);
    if (verdict == Verdict::kCancelled) {
      stack.push_back(std::move(next));
      unsent_ = std::move(stack);
      return false;
    }
    if (verdict == Verdict::kAccepted) {
      CountAccepted(next);
      continue;
    }
    const bool may_split =
        next.series.size() > 1 &&
        ((verdict == Verdict::kTooLarge && !has_split_for_size) ||
         (verdict == Verdict::kBadData && isolation_requests < options_.max_isolation_requests));
    if (!may_split) {
      CountRefused(next);
      continue;
    }
    if (verdict == Verdict::kTooLarge) has_split_for_size = true;
    isolation_requests += 2;
    auto [first, second] = Halve(std::move(next));
    stack.push_back(std::move(second));
    stack.push_back(std::move(first));
  }
  return true;
}

WriteSender::Verdict WriteSender::SendWithRetries(const WriteBatch& batch) {
  const std::string body = SnappyCompress(EncodeWriteRequest(batch.series));
  absl::Duration backoff = options_.min_backoff;
  for (int attempt = 0;; ++attempt) {
    absl::StatusOr<HttpResponse> response = SendOnce(body, attempt);
    const int status = response.ok() ? response->status : 0;
    if (status / 100 == 2) return Verdict::kAccepted;
    const std::string error =
        Text(response.ok() ? client_->ToStatus(*response) : response.status());
    if (response.ok() && !IsRetried(status, options_.retry_on_http_429)) {
      last_refusal_ = error;
      if (status == 413) return Verdict::kTooLarge;
      return status == 400 || status == 422 ? Verdict::kBadData : Verdict::kRefused;
    }
    absl::Duration wait = backoff * Jitter();
    if (response.ok()) {
      if (const auto asked = ParseRetryAfter(response->Header("retry-after"), absl::Now())) {
        wait = std::min(std::max(*asked, options_.min_backoff), options_.max_retry_after);
      }
    }
    {
      absl::MutexLock lock(&mutex_);
      if (is_cancelled_) return Verdict::kCancelled;
      stats_.last_error = error;
    }
    LogRetry(error, batch.samples);
    if (!Pause(wait)) return Verdict::kCancelled;
    backoff = std::min(backoff * 2, options_.max_backoff);
    absl::MutexLock lock(&mutex_);
    stats_.samples_retried += static_cast<int64_t>(batch.samples);
  }
}

absl::StatusOr<HttpResponse> WriteSender::SendOnce(const std::string& body, int attempt) {
  HttpRequest request;
  request.method = "POST";
  request.body = body;
  request.headers = {{"Content-Type", "application/x-protobuf"},
                     {"Content-Encoding", "snappy"},
                     {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
  if (attempt > 0) request.headers.emplace_back("Retry-Attempt", StrCat(attempt));
  {
    absl::MutexLock lock(&mutex_);
    ++stats_.requests;
    stats_.bytes_sent += static_cast<int64_t>(body.size());
  }
  return client_->Send(request);
}

void WriteSender::LogRetry(const std::string& error, size_t samples) {
  const absl::Time now = absl::Now();
  if (now - last_retry_log_ < kLogPause) return;
  last_retry_log_ = now;
  Log(LogLevel::kWarn, "Remote write failed and is tried again",
      {{"remote", options_.name}, {"err", error}, {"samples", StrCat(samples)}});
}

bool WriteSender::Pause(absl::Duration wait) {
  const absl::Time deadline = absl::Now() + wait;
  absl::MutexLock lock(&mutex_);
  while (!is_cancelled_) {
    if (cancelled_.WaitWithDeadline(&mutex_, deadline)) break;
  }
  return !is_cancelled_;
}

void WriteSender::CountAccepted(const WriteBatch& batch) {
  absl::MutexLock lock(&mutex_);
  const auto samples = static_cast<int64_t>(batch.samples);
  stats_.samples_sent += samples;
  stats_.samples_pending -= samples;
  stats_.highest_sent_ms = std::max(stats_.highest_sent_ms, batch.newest_ms);
  stats_.last_error.clear();
  stats_.last_success_time = absl::Now();
}

void WriteSender::CountRefused(const WriteBatch& batch) {
  {
    absl::MutexLock lock(&mutex_);
    const auto samples = static_cast<int64_t>(batch.samples);
    stats_.samples_failed += samples;
    stats_.samples_pending -= samples;
    stats_.last_error = last_refusal_;
  }
  Log(LogLevel::kError, "Remote write refused samples, they are dropped",
      {{"remote", options_.name},
       {"err", last_refusal_},
       {"samples", StrCat(batch.samples)},
       {"series", batch.series.front().labels.ToString()}});
}

}  // namespace sloburn::remote
