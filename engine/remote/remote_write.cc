// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/remote_write.h"

#include <algorithm>
#include <random>
#include <unordered_map>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/label_builder.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/snappy_block.h"

namespace sloburn::remote {
namespace {

constexpr absl::Duration kLogPause = absl::Minutes(1);

Labels WithExternalLabels(const Labels& labels, const std::vector<Label>& external) {
  LabelBuilder builder(labels);
  for (const Label& label : external) {
    if (!labels.Has(label.name)) builder.Set(label.name, label.value);
  }
  return builder.Build();
}

double Jitter() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(1.0, 1.2)(random);
}

std::string Text(const absl::Status& status) { return std::string(status.message()); }

bool IsRetried(int http_status, bool retry_on_429) {
  if (http_status == 429) return retry_on_429;
  return http_status < 300 || http_status >= 500;  // below 200 and from 600 on is nonsense
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

absl::StatusOr<std::unique_ptr<RemoteWriter>> RemoteWriter::Create(RemoteWriterOptions options) {
  if (options.max_samples_per_send == 0 || options.capacity < options.max_samples_per_send) {
    return absl::InvalidArgumentError(
        "remote_write: capacity must be at least max_samples_per_send, and that at least 1");
  }
  if (options.min_backoff <= absl::ZeroDuration() || options.max_backoff < options.min_backoff) {
    return absl::InvalidArgumentError(
        "remote_write: min_backoff must be positive and at most max_backoff");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<HttpClient> client, HttpClient::Create(options.http));
  if (options.name.empty()) options.name = client->url().Redacted();
  std::unique_ptr<RemoteWriter> writer(new RemoteWriter(std::move(options), std::move(client)));
  writer->thread_ = std::thread([writer = writer.get()] { writer->Run(); });
  return writer;
}

RemoteWriter::RemoteWriter(RemoteWriterOptions options, std::unique_ptr<HttpClient> client)
    : options_(std::move(options)), client_(std::move(client)) {}

RemoteWriter::~RemoteWriter() { Stop(absl::ZeroDuration()); }

void RemoteWriter::Enqueue(std::vector<SeriesSample> samples) {
  const absl::Time now = absl::Now();
  size_t dropped = 0;
  bool logs = false;
  {
    absl::MutexLock lock(&mutex_);
    if (is_draining_ || is_stopped_) {
      stats_.samples_dropped += static_cast<int64_t>(samples.size());
      return;
    }
    for (SeriesSample& sample : samples) queue_.push_back({std::move(sample), now});
    while (queue_.size() > options_.capacity) {
      queue_.pop_front();
      if (flush_until_ > 0) --flush_until_;
      ++dropped;
    }
    stats_.samples_dropped += static_cast<int64_t>(dropped);
    logs = dropped > 0 && now - last_drop_log_ >= kLogPause;
    if (logs) last_drop_log_ = now;
    changed_.SignalAll();
  }
  if (logs) {
    Log(LogLevel::kWarn, "Remote write queue is full, the oldest samples are dropped",
        {{"remote", options_.name}, {"dropped", StrCat(dropped)}});
  }
}

void RemoteWriter::Flush() {
  absl::MutexLock lock(&mutex_);
  flush_until_ = queue_.size();
  changed_.SignalAll();
}

bool RemoteWriter::WaitUntilSent(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  absl::MutexLock lock(&mutex_);
  while (!is_stopped_ && (!queue_.empty() || under_way_ > 0)) {
    if (changed_.WaitWithDeadline(&mutex_, deadline)) break;
  }
  return queue_.empty() && under_way_ == 0;
}

void RemoteWriter::Stop(absl::Duration drain) {
  {
    absl::MutexLock lock(&mutex_);
    is_draining_ = true;
    flush_until_ = queue_.size();
    changed_.SignalAll();
  }
  WaitUntilSent(drain);
  EndThread();
  absl::MutexLock lock(&mutex_);
  const size_t left = queue_.size() + under_way_;
  if (left == 0) return;
  stats_.samples_dropped += static_cast<int64_t>(left);
  queue_.clear();
  under_way_ = 0;
  Log(LogLevel::kWarn, "Remote write stopped before everything was sent",
      {{"remote", options_.name}, {"dropped", StrCat(left)}});
}

void RemoteWriter::EndThread() {
  {
    absl::MutexLock lock(&mutex_);
    is_stopped_ = true;
    changed_.SignalAll();
  }
  client_->Cancel();
  if (thread_.joinable()) thread_.join();
}

std::vector<SeriesSample> RemoteWriter::StopAndTake() {
  EndThread();
  std::vector<SeriesSample> taken;
  for (auto batch = unsent_.rbegin(); batch != unsent_.rend(); ++batch) {
    for (const SeriesSamples& series : batch->series) {
      for (const Sample& sample : series.samples) {
        taken.push_back({series.labels, sample.timestamp_ms, sample.value});
      }
      for (const HistogramSample& sample : series.histograms) {
        taken.push_back({series.labels, sample.timestamp_ms, 0, sample.histogram});
      }
    }
  }
  unsent_.clear();
  absl::MutexLock lock(&mutex_);
  for (Queued& queued : queue_) taken.push_back(std::move(queued.sample));
  queue_.clear();
  under_way_ = 0;
  return taken;
}

RemoteWriteStats RemoteWriter::Stats() const {
  absl::MutexLock lock(&mutex_);
  RemoteWriteStats stats = stats_;
  stats.samples_pending = static_cast<int64_t>(queue_.size() + under_way_);
  return stats;
}

bool RemoteWriter::HasBatch() const {
  if (queue_.empty()) return false;
  return flush_until_ > 0 || queue_.size() >= options_.max_samples_per_send ||
         absl::Now() - queue_.front().since >= options_.batch_send_deadline;
}

void RemoteWriter::Run() {
  while (std::optional<Batch> batch = NextBatch()) {
    Deliver(*std::move(batch));
    absl::MutexLock lock(&mutex_);
    if (is_stopped_) return;  // Stop counts what is under way
    under_way_ = 0;
    changed_.SignalAll();
  }
}

std::optional<RemoteWriter::Batch> RemoteWriter::NextBatch() {
  std::vector<SeriesSample> samples;
  {
    absl::MutexLock lock(&mutex_);
    while (!is_stopped_ && !HasBatch()) {
      const absl::Time deadline = queue_.empty()
                                      ? absl::InfiniteFuture()
                                      : queue_.front().since + options_.batch_send_deadline;
      changed_.WaitWithDeadline(&mutex_, deadline);
    }
    if (is_stopped_) return std::nullopt;
    const size_t count = std::min(queue_.size(), options_.max_samples_per_send);
    for (size_t i = 0; i < count; ++i) {
      samples.push_back(std::move(queue_.front().sample));
      queue_.pop_front();
    }
    flush_until_ -= std::min(flush_until_, count);
    under_way_ = count;
  }
  Batch batch;
  batch.samples = samples.size();
  std::unordered_map<Labels, size_t, LabelsHash> positions;
  for (const SeriesSample& sample : samples) {
    const auto [found, is_new] = positions.emplace(sample.labels, batch.series.size());
    if (is_new) {
      batch.series.push_back({WithExternalLabels(sample.labels, options_.external_labels), {}});
    }
    SeriesSamples& series = batch.series[found->second];
    if (sample.histogram != nullptr) {
      series.histograms.push_back({sample.timestamp_ms, sample.histogram});
    } else {
      series.samples.push_back({sample.timestamp_ms, sample.value});
    }
    batch.newest_ms = std::max(batch.newest_ms, sample.timestamp_ms);
  }
  return batch;
}

void RemoteWriter::Deliver(Batch batch) {
  std::vector<Batch> stack;  // the next to send is last
  stack.push_back(std::move(batch));
  int isolation_requests = 0;
  bool has_split_for_size = false;
  while (!stack.empty()) {
    Batch next = std::move(stack.back());
    stack.pop_back();
    const Verdict verdict = SendWithRetries(next);
    if (verdict == Verdict::kStopped) {
      stack.push_back(std::move(next));
      unsent_ = std::move(stack);
      return;
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
      CountRefused(next, last_refusal_);
      continue;
    }
    if (verdict == Verdict::kTooLarge) has_split_for_size = true;
    isolation_requests += 2;
    const size_t middle = next.series.size() / 2;
    Batch halves[2];
    for (size_t i = 0; i < next.series.size(); ++i) {
      Batch& half = halves[i < middle ? 0 : 1];
      half.samples += next.series[i].samples.size() + next.series[i].histograms.size();
      for (const Sample& sample : next.series[i].samples) {
        half.newest_ms = std::max(half.newest_ms, sample.timestamp_ms);
      }
      for (const HistogramSample& sample : next.series[i].histograms) {
        half.newest_ms = std::max(half.newest_ms, sample.timestamp_ms);
      }
      half.series.push_back(std::move(next.series[i]));
    }
    stack.push_back(std::move(halves[1]));
    stack.push_back(std::move(halves[0]));
  }
}

RemoteWriter::Verdict RemoteWriter::SendWithRetries(const Batch& batch) {
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
      if (is_stopped_) return Verdict::kStopped;
      stats_.last_error = error;
    }
    if (absl::Now() - last_retry_log_ >= kLogPause) {
      last_retry_log_ = absl::Now();
      Log(LogLevel::kWarn, "Remote write failed and is tried again",
          {{"remote", options_.name}, {"err", error}, {"samples", StrCat(batch.samples)}});
    }
    if (!Pause(wait)) return Verdict::kStopped;
    backoff = std::min(backoff * 2, options_.max_backoff);
    absl::MutexLock lock(&mutex_);
    stats_.samples_retried += static_cast<int64_t>(batch.samples);
  }
}

absl::StatusOr<HttpResponse> RemoteWriter::SendOnce(const std::string& body, int attempt) {
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

bool RemoteWriter::Pause(absl::Duration wait) {
  const absl::Time deadline = absl::Now() + wait;
  absl::MutexLock lock(&mutex_);
  while (!is_stopped_) {
    if (changed_.WaitWithDeadline(&mutex_, deadline)) break;
  }
  return !is_stopped_;
}

void RemoteWriter::CountAccepted(const Batch& batch) {
  absl::MutexLock lock(&mutex_);
  stats_.samples_sent += static_cast<int64_t>(batch.samples);
  stats_.highest_sent_ms = std::max(stats_.highest_sent_ms, batch.newest_ms);
  stats_.last_error.clear();
  stats_.last_success_time = absl::Now();
  under_way_ -= batch.samples;
  changed_.SignalAll();
}

void RemoteWriter::CountRefused(const Batch& batch, std::string_view why) {
  {
    absl::MutexLock lock(&mutex_);
    stats_.samples_failed += static_cast<int64_t>(batch.samples);
    stats_.last_error = why;
    under_way_ -= batch.samples;
    changed_.SignalAll();
  }
  Log(LogLevel::kError, "Remote write refused samples, they are dropped",
      {{"remote", options_.name},
       {"err", std::string(why)},
       {"samples", StrCat(batch.samples)},
       {"series", batch.series.front().labels.ToString()}});
}

}  // namespace sloburn::remote
