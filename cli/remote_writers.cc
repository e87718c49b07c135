// SPDX-License-Identifier: Apache-2.0
#include "cli/remote_writers.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/http_options.h"

namespace sloburn::cli {
namespace {

absl::StatusOr<std::shared_ptr<remote::RemoteWriter>> CreateWriter(
    const RemoteWriteConfig& endpoint, const std::map<std::string, std::string>& external_labels) {
  remote::RemoteWriterOptions options;
  options.sender.name = endpoint.name;
  options.sender.http =
      ToHttpOptions(endpoint.url, endpoint.http, endpoint.headers, endpoint.remote_timeout);
  options.capacity = std::max<size_t>(options.capacity, endpoint.queue_config.capacity);
  options.max_samples_per_send = endpoint.queue_config.max_samples_per_send;
  options.batch_send_deadline = endpoint.queue_config.batch_send_deadline;
  options.sender.min_backoff = endpoint.queue_config.min_backoff;
  options.sender.max_backoff = endpoint.queue_config.max_backoff;
  for (const auto& [name, value] : external_labels)
    options.external_labels.push_back({name, value});
  auto writer = remote::RemoteWriter::Create(std::move(options));
  if (writer.ok()) return std::shared_ptr<remote::RemoteWriter>(*std::move(writer));
  return absl::Status(writer.status().code(), StrCat("remote_write ", endpoint.url, ": ",
                                                     std::string(writer.status().message())));
}

}  // namespace

absl::StatusOr<RemoteWriters::Change> RemoteWriters::Prepare(const Config& config) const {
  const std::map<std::string, std::string>& labels = config.global.external_labels;
  Change change;
  std::vector<Endpoint> old;
  {
    absl::MutexLock lock(&mutex_);
    old = endpoints_;
  }
  const auto take = [&old](const auto& fits) -> std::shared_ptr<remote::RemoteWriter> {
    const auto found = std::find_if(old.begin(), old.end(), fits);
    if (found == old.end()) return nullptr;
    auto writer = std::move(found->writer);
    old.erase(found);
    return writer;
  };
  // Unchanged endpoints first: a changed one of the same url must not take their queue.
  for (const RemoteWriteConfig& wanted : config.remote_write) {
    Endpoint& endpoint = change.endpoints_.emplace_back();
    endpoint.config = wanted;
    endpoint.external_labels = labels;
    endpoint.writer = take(
        [&](const Endpoint& one) { return one.config == wanted && one.external_labels == labels; });
  }
  for (Endpoint& endpoint : change.endpoints_) {
    if (endpoint.writer != nullptr) continue;
    ASSIGN_OR_RETURN(endpoint.writer, CreateWriter(endpoint.config, labels));
    endpoint.replaced =
        take([&](const Endpoint& one) { return one.config.url == endpoint.config.url; });
  }
  return change;
}

void RemoteWriters::Install(Change change) {
  JoinRetired(/*waits=*/false);
  std::set<std::shared_ptr<remote::RemoteWriter>> used;
  std::vector<
      std::pair<std::shared_ptr<remote::RemoteWriter>, std::shared_ptr<remote::RemoteWriter>>>
      take_overs;
  for (const Endpoint& endpoint : change.endpoints_) {
    used.insert(endpoint.writer);
    if (endpoint.replaced == nullptr) continue;
    used.insert(endpoint.replaced);
    take_overs.emplace_back(endpoint.writer, endpoint.replaced);
  }
  {
    absl::MutexLock lock(&mutex_);
    endpoints_.swap(change.endpoints_);
  }
  for (const auto& [writer, replaced] : take_overs) TakeOver(writer, replaced);
  for (const Endpoint& endpoint : change.endpoints_) {
    if (used.count(endpoint.writer) == 0) Retire(endpoint.writer);
  }
}

// Ticks must not wait for a request to end: what they write meanwhile is held, because it comes
// after what is taken over.
void RemoteWriters::TakeOver(const std::shared_ptr<remote::RemoteWriter>& writer,
                             const std::shared_ptr<remote::RemoteWriter>& replaced) {
  std::vector<SeriesSample> unsent = replaced->StopAndTake();
  absl::MutexLock lock(&mutex_);
  writer->Enqueue(std::move(unsent));
  for (Endpoint& endpoint : endpoints_) {
    if (endpoint.writer != writer) continue;
    writer->Enqueue(std::move(endpoint.held));
    endpoint.held.clear();
    endpoint.replaced = nullptr;
  }
  writer->Flush();
}

void RemoteWriters::Enqueue(std::vector<SeriesSample> samples) {
  absl::MutexLock lock(&mutex_);
  for (Endpoint& endpoint : endpoints_) {
    if (endpoint.replaced != nullptr) {
      endpoint.held.insert(endpoint.held.end(), samples.begin(), samples.end());
      continue;
    }
    endpoint.writer->Enqueue(samples);
    endpoint.writer->Flush();
  }
}

void RemoteWriters::Retire(std::shared_ptr<remote::RemoteWriter> writer) {
  auto is_done = std::make_shared<std::atomic<bool>>(false);
  retired_.push_back({is_done, std::thread([writer = std::move(writer), is_done, drain = drain_] {
                        writer->Stop(drain);
                        *is_done = true;
                      })});
}

void RemoteWriters::JoinRetired(bool waits) {
  std::erase_if(retired_, [waits](Retired& one) {
    if (!waits && !*one.is_done) return false;
    one.thread.join();
    return true;
  });
}

void RemoteWriters::Stop() {
  std::vector<Endpoint> endpoints;
  {
    absl::MutexLock lock(&mutex_);
    endpoints.swap(endpoints_);
  }
  for (const Endpoint& endpoint : endpoints) Retire(endpoint.writer);
  JoinRetired(/*waits=*/true);
}

std::vector<std::pair<std::string, remote::RemoteWriteStats>> RemoteWriters::Stats() const {
  std::vector<std::pair<std::string, remote::RemoteWriteStats>> stats;
  absl::MutexLock lock(&mutex_);
  for (const Endpoint& endpoint : endpoints_) {
    stats.emplace_back(endpoint.writer->name(), endpoint.writer->Stats());
  }
  return stats;
}

}  // namespace sloburn::cli
