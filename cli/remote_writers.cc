// SPDX-License-Identifier: Apache-2.0
#include "cli/remote_writers.h"

#include <algorithm>
#include <set>
#include <thread>

#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "cli/http_options.h"

namespace sloburn::cli {
namespace {

absl::StatusOr<std::shared_ptr<remote::OutboxWriter>> CreateWriter(
    const RemoteWriteConfig& endpoint, const std::map<std::string, std::string>& external_labels,
    std::string reader, Outbox& outbox) {
  remote::OutboxWriterOptions options;
  options.reader = std::move(reader);
  options.sender = ToSenderOptions(endpoint);
  options.max_samples_per_send = endpoint.queue_config.max_samples_per_send;
  options.relabel = endpoint.write_relabel_configs;
  for (const auto& [name, value] : external_labels)
    options.external_labels.push_back({name, value});
  auto writer = remote::OutboxWriter::Create(std::move(options), outbox);
  if (writer.ok()) return std::shared_ptr<remote::OutboxWriter>(*std::move(writer));
  return absl::Status(writer.status().code(), StrCat("remote_write ", endpoint.url, ": ",
                                                     std::string(writer.status().message())));
}

// Several endpoints may have the same url and no name.
std::string ReaderName(const RemoteWriteConfig& endpoint, std::set<std::string>& taken) {
  const std::string base = endpoint.name.empty() ? endpoint.url : endpoint.name;
  std::string name = base;
  for (int i = 2; !taken.insert(name).second; ++i) name = StrCat(base, "#", i);
  return name;
}

}  // namespace

absl::StatusOr<RemoteWriters::Change> RemoteWriters::Prepare(const Config& config) const {
  const std::map<std::string, std::string>& labels = config.global.external_labels;
  std::vector<Endpoint> old;
  {
    absl::MutexLock lock(&mutex_);
    old = endpoints_;
  }
  Change change;
  std::set<std::string> taken;
  for (const RemoteWriteConfig& wanted : config.remote_write) {
    const std::string reader = ReaderName(wanted, taken);
    const auto same = std::find_if(old.begin(), old.end(), [&](const Endpoint& one) {
      return one.config == wanted && one.external_labels == labels &&
             one.writer->reader() == reader;
    });
    Endpoint& endpoint = change.endpoints_.emplace_back();
    endpoint.config = wanted;
    endpoint.external_labels = labels;
    if (same != old.end()) {
      endpoint.writer = same->writer;
    } else {
      ASSIGN_OR_RETURN(endpoint.writer, CreateWriter(wanted, labels, reader, outbox_));
    }
  }
  return change;
}

void RemoteWriters::Install(Change change) {
  std::vector<Endpoint> old, replaced, removed;
  {
    absl::MutexLock lock(&mutex_);
    old = endpoints_;
  }
  std::vector<std::string> readers;
  for (const Endpoint& endpoint : change.endpoints_) readers.push_back(endpoint.writer->reader());
  for (const Endpoint& endpoint : old) {
    const auto stays = [&](const Endpoint& one) { return one.writer == endpoint.writer; };
    if (std::any_of(change.endpoints_.begin(), change.endpoints_.end(), stays)) continue;
    const bool is_replaced =
        std::find(readers.begin(), readers.end(), endpoint.writer->reader()) != readers.end();
    (is_replaced ? replaced : removed).push_back(endpoint);
  }
  StopAll(replaced, absl::ZeroDuration());
  StopAll(removed, drain_);
  for (const auto& [name, samples] : outbox_.KeepReaders(readers)) {
    if (samples == 0) continue;
    Log(LogLevel::kWarn, "Remote write endpoint was removed before everything was sent",
        {{"remote", name}, {"dropped", StrCat(samples)}});
  }
  for (const Endpoint& endpoint : change.endpoints_) {
    outbox_.AddReader(endpoint.writer->reader());
    const auto runs = [&](const Endpoint& one) { return one.writer == endpoint.writer; };
    if (std::none_of(old.begin(), old.end(), runs)) endpoint.writer->Start();
  }
  absl::MutexLock lock(&mutex_);
  endpoints_ = std::move(change.endpoints_);
}

void RemoteWriters::StopAll(const std::vector<Endpoint>& endpoints, absl::Duration drain) {
  std::vector<std::thread> threads;
  for (const Endpoint& endpoint : endpoints) {
    threads.emplace_back([&endpoint, drain] { endpoint.writer->Stop(drain); });
  }
  for (std::thread& thread : threads) thread.join();
}

void RemoteWriters::Stop() {
  std::vector<Endpoint> endpoints;
  {
    absl::MutexLock lock(&mutex_);
    endpoints.swap(endpoints_);
  }
  StopAll(endpoints, drain_);
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
