// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/remote_write.h"

#include <algorithm>
#include <unordered_map>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"

namespace sloburn::remote {
namespace {

constexpr absl::Duration kLogPause = absl::Minutes(1);

}  // namespace

absl::StatusOr<std::unique_ptr<RemoteWriter>> RemoteWriter::Create(RemoteWriterOptions options) {
  if (options.max_samples_per_send == 0 || options.capacity < options.max_samples_per_send) {
    return absl::InvalidArgumentError(
        "remote_write: capacity must be at least max_samples_per_send, and that at least 1");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<WriteSender> sender, WriteSender::Create(options.sender));
  std::unique_ptr<RemoteWriter> writer(new RemoteWriter(std::move(options), std::move(sender)));
  writer->thread_ = std::thread([writer = writer.get()] { writer->Run(); });
  return writer;
}

RemoteWriter::RemoteWriter(RemoteWriterOptions options, std::unique_ptr<WriteSender> sender)
    : options_(std::move(options)), sender_(std::move(sender)) {}

RemoteWriter::~RemoteWriter() { Stop(absl::ZeroDuration()); }

void RemoteWriter::Enqueue(std::vector<SeriesSample> samples) {
  const absl::Time now = absl::Now();
  size_t dropped = 0;
  bool logs = false;
  {
    absl::MutexLock lock(&mutex_);
    if (is_draining_ || is_stopped_) {
      dropped_ += static_cast<int64_t>(samples.size());
      return;
    }
    for (SeriesSample& sample : samples) queue_.push_back({std::move(sample), now});
    while (queue_.size() > options_.capacity) {
      queue_.pop_front();
      if (flush_until_ > 0) --flush_until_;
      ++dropped;
    }
    dropped_ += static_cast<int64_t>(dropped);
    logs = dropped > 0 && now - last_drop_log_ >= kLogPause;
    if (logs) last_drop_log_ = now;
    changed_.SignalAll();
  }
  if (logs) {
    Log(LogLevel::kWarn, "Remote write queue is full, the oldest samples are dropped",
        {{"remote", name()}, {"dropped", StrCat(dropped)}});
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
  size_t left = queue_.size();
  for (const WriteBatch& batch : sender_->TakeUnsent()) left += batch.samples;
  queue_.clear();
  under_way_ = 0;
  if (left == 0) return;
  dropped_ += static_cast<int64_t>(left);
  Log(LogLevel::kWarn, "Remote write stopped before everything was sent",
      {{"remote", name()}, {"dropped", StrCat(left)}});
}

void RemoteWriter::EndThread() {
  {
    absl::MutexLock lock(&mutex_);
    is_stopped_ = true;
    changed_.SignalAll();
  }
  sender_->Cancel();
  if (thread_.joinable()) thread_.join();
}

RemoteWriteStats RemoteWriter::Stats() const {
  RemoteWriteStats stats = sender_->Stats();
  absl::MutexLock lock(&mutex_);
  stats.samples_dropped = dropped_;
  stats.samples_pending = static_cast<int64_t>(queue_.size() + under_way_);
  return stats;
}

bool RemoteWriter::HasBatch() const {
  if (queue_.empty()) return false;
  return flush_until_ > 0 || queue_.size() >= options_.max_samples_per_send ||
         absl::Now() - queue_.front().since >= options_.batch_send_deadline;
}

void RemoteWriter::Run() {
  while (std::optional<WriteBatch> batch = NextBatch()) {
    if (!sender_->Deliver(*std::move(batch))) return;
    absl::MutexLock lock(&mutex_);
    under_way_ = 0;
    changed_.SignalAll();
  }
}

std::optional<WriteBatch> RemoteWriter::NextBatch() {
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
  WriteBatch batch;
  batch.samples = samples.size();
  std::unordered_map<Labels, size_t, LabelsHash> positions;
  for (const SeriesSample& sample : samples) {
    const auto [found, is_new] = positions.emplace(sample.labels, batch.series.size());
    if (is_new) {
      batch.series.push_back({sample.labels, {}});
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

}  // namespace sloburn::remote
