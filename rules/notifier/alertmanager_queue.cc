// SPDX-License-Identifier: Apache-2.0
#include "rules/notifier/alertmanager_queue.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/jitter.h"
#include "base/log.h"
#include "base/status_macros.h"

namespace sloburn::rules {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::minutes kLogPause(1);

// Other statuses are about the request or the server, not about the alerts in it.
bool IsAboutAlerts(int http_status) {
  return http_status == 400 || http_status == 413 || http_status == 422;
}

// Once a minute.
bool MayLog(std::optional<steady_clock::time_point>& last) {
  const auto now = steady_clock::now();
  if (last && now - *last < kLogPause) return false;
  last = now;
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AlertmanagerQueue>> AlertmanagerQueue::Create(
    AlertmanagerOptions alertmanager, AlertmanagerQueueOptions options) {
  if (options.capacity == 0 || options.max_batch_size == 0) {
    return absl::InvalidArgumentError(
        "the capacity of the notification queue and the size of a batch must be at least 1");
  }
  ASSIGN_OR_RETURN(auto client, remote::HttpClient::Create(alertmanager.http));
  return std::unique_ptr<AlertmanagerQueue>(
      new AlertmanagerQueue(std::move(alertmanager), options, std::move(client)));
}

AlertmanagerQueue::AlertmanagerQueue(AlertmanagerOptions alertmanager,
                                     AlertmanagerQueueOptions options,
                                     std::unique_ptr<remote::HttpClient> client)
    : alertmanager_(std::move(alertmanager)),
      options_(options),
      client_(std::move(client)),
      url_(alertmanager_.http.url),
      waiting_(options_.capacity),
      backoff_(options_.min_backoff) {
  stats_.url = url_;
  thread_ = std::thread([this] { Run(); });
}

AlertmanagerQueue::~AlertmanagerQueue() { Stop(absl::ZeroDuration()); }

void AlertmanagerQueue::Add(std::vector<OutgoingAlert> alerts) {
  size_t dropped = 0;
  {
    std::lock_guard lock(mutex_);
    if (is_stopped_ || is_draining_) return;
    dropped = waiting_.Add(std::move(alerts));
    stats_.dropped += static_cast<int64_t>(dropped);
  }
  changed_.notify_all();
  LogDropped("the queue is full", dropped);
}

void AlertmanagerQueue::Hold() {
  std::lock_guard lock(mutex_);
  is_held_ = true;
}

void AlertmanagerQueue::Release(std::vector<OutgoingAlert> older) {
  size_t dropped = 0;
  {
    std::lock_guard lock(mutex_);
    dropped = waiting_.PutBack(std::move(older));
    stats_.dropped += static_cast<int64_t>(dropped);
    is_held_ = false;
  }
  changed_.notify_all();
  LogDropped("the queue is full", dropped);
}

void AlertmanagerQueue::LogDropped(std::string_view why, size_t count) {
  if (count == 0) return;
  {
    std::lock_guard lock(mutex_);
    unlogged_drops_ += count;
    if (!MayLog(last_drop_log_)) return;
    count = std::exchange(unlogged_drops_, 0);
  }
  Log(LogLevel::kWarn, "Alert notifications are dropped",
      {{"alertmanager", url_}, {"reason", std::string(why)}, {"count", absl::StrCat(count)}});
}

void AlertmanagerQueue::Run() {
  while (true) {
    std::vector<OutgoingAlert> batch = NextBatch();
    if (batch.empty()) break;
    Deliver(std::move(batch));
  }
  {
    std::lock_guard lock(mutex_);
    is_done_ = true;
  }
  changed_.notify_all();
}

std::vector<OutgoingAlert> AlertmanagerQueue::NextBatch() {
  size_t expired = 0;
  std::vector<OutgoingAlert> batch;
  {
    std::unique_lock lock(mutex_);
    while (batch.empty() && !is_stopped_) {
      if (is_held_ || waiting_.empty()) {
        if (is_draining_) break;
        changed_.wait(lock);
      } else if (steady_clock::now() < not_before_) {
        changed_.wait_until(lock, not_before_);
      } else {
        expired +=
            waiting_.DropExpired(options_.clock != nullptr ? options_.clock->Now() : absl::Now());
        batch = waiting_.TakeBatch(options_.max_batch_size);
      }
    }
    stats_.dropped += static_cast<int64_t>(expired);
  }
  LogDropped("their time is over", expired);
  return batch;
}

void AlertmanagerQueue::Deliver(std::vector<OutgoingAlert> batch) {
  std::vector<std::vector<OutgoingAlert>> parts;  // the next to send is last
  parts.push_back(std::move(batch));
  while (!parts.empty()) {
    std::vector<OutgoingAlert> part = std::move(parts.back());
    parts.pop_back();
    const Verdict verdict = Send(part);
    if (verdict == Verdict::kTaken) continue;
    if (verdict == Verdict::kFailed) {
      for (; !parts.empty(); parts.pop_back()) {
        std::move(parts.back().begin(), parts.back().end(), std::back_inserter(part));
      }
      return Retry(std::move(part));
    }
    if (part.size() == 1) {
      DropRefused(part.front());
      continue;
    }
    const auto middle = part.begin() + static_cast<ptrdiff_t>(part.size() / 2);
    std::vector<OutgoingAlert> second(std::make_move_iterator(middle),
                                      std::make_move_iterator(part.end()));
    part.erase(middle, part.end());
    parts.push_back(std::move(second));
    parts.push_back(std::move(part));
  }
}

AlertmanagerQueue::Verdict AlertmanagerQueue::Send(const std::vector<OutgoingAlert>& batch) {
  const SteadyTime begin = steady_clock::now();
  const auto response = client_->Post("", AlertsToJson(batch), "application/json");
  const SteadyTime end = steady_clock::now();
  const absl::Status status = response.ok() ? client_->ToStatus(*response) : response.status();
  if (status.ok()) {
    if (is_failing_) {
      Log(LogLevel::kInfo, "Alertmanager takes notifications again", {{"alertmanager", url_}});
    }
    is_failing_ = false;
    backoff_ = options_.min_backoff;
    CountTaken(batch, std::chrono::duration<double>(end - begin).count());
    return Verdict::kTaken;
  }
  {
    std::lock_guard lock(mutex_);
    stats_.errors += static_cast<int64_t>(batch.size());
  }
  last_error_ = std::string(status.message());
  const bool is_refused = response.ok() && IsAboutAlerts(response->status);
  return is_refused ? Verdict::kRefused : Verdict::kFailed;
}

void AlertmanagerQueue::CountTaken(const std::vector<OutgoingAlert>& batch, double seconds) {
  for (const OutgoingAlert& alert : batch) {
    for (const auto& flag : alert.is_delivered) flag->store(true);
  }
  std::lock_guard lock(mutex_);
  stats_.sent += static_cast<int64_t>(batch.size());
  latency_.Add(steady_clock::now(), seconds);
}

void AlertmanagerQueue::DropRefused(const OutgoingAlert& alert) {
  {
    std::lock_guard lock(mutex_);
    ++stats_.dropped;
  }
  if (!MayLog(last_refusal_log_)) return;
  Log(LogLevel::kError, "Alertmanager refused an alert, it is dropped",
      {{"alertmanager", url_}, {"err", last_error_}, {"alert", alert.labels.ToString()}});
}

void AlertmanagerQueue::Retry(std::vector<OutgoingAlert> batch) {
  is_failing_ = true;
  size_t dropped = 0, waiting = 0;
  {
    std::lock_guard lock(mutex_);
    // At the end there is no time for long pauses.
    const absl::Duration pause = (is_draining_ ? options_.min_backoff : backoff_) * Jitter();
    not_before_ = steady_clock::now() + absl::ToChronoMilliseconds(pause);
    dropped = waiting_.PutBack(std::move(batch));
    stats_.dropped += static_cast<int64_t>(dropped);
    waiting = waiting_.size();
    if (is_stopped_) return;
  }
  LogDropped("the queue is full", dropped);
  backoff_ = std::min(backoff_ * 2, options_.max_backoff);
  if (!MayLog(last_retry_log_)) return;
  Log(LogLevel::kWarn, "Sending alerts failed and is tried again",
      {{"alertmanager", url_}, {"err", last_error_}, {"alerts", absl::StrCat(waiting)}});
}

void AlertmanagerQueue::EndThread() {
  {
    std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  changed_.notify_all();
  client_->Cancel();
  if (thread_.joinable()) thread_.join();
}

void AlertmanagerQueue::Stop(absl::Duration drain) {
  if (!thread_.joinable()) return;
  const SteadyTime deadline = steady_clock::now() + absl::ToChronoMilliseconds(drain);
  {
    std::unique_lock lock(mutex_);
    is_draining_ = true;
    not_before_ = SteadyTime::min();
    changed_.notify_all();
    changed_.wait_until(lock, deadline, [this] { return is_done_; });
  }
  EndThread();
  size_t left = 0;
  {
    std::lock_guard lock(mutex_);
    left = waiting_.TakeBatch(waiting_.size()).size();
    last_drop_log_.reset();
    stats_.dropped += static_cast<int64_t>(left);
  }
  LogDropped("the process or this Alertmanager's configuration ends", left);
}

std::vector<OutgoingAlert> AlertmanagerQueue::StopAndTake() {
  EndThread();
  std::lock_guard lock(mutex_);
  return waiting_.TakeBatch(waiting_.size());
}

AlertmanagerStats AlertmanagerQueue::Stats() const {
  std::lock_guard lock(mutex_);
  AlertmanagerStats stats = stats_;
  stats.queue_length = static_cast<int64_t>(waiting_.size());
  stats.latency = latency_.Summarize(steady_clock::now());
  return stats;
}

}  // namespace sloburn::rules
