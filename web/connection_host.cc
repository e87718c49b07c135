// SPDX-License-Identifier: Apache-2.0
#include "web/connection_host.h"

#include "base/check.h"
#include "web/web_security.h"

namespace sloburn::web {

WorkerPool& ConnectionHost::PoolOf(Lane lane) {
  CHECK(lane != Lane::kHealth);
  if (lane == Lane::kWrite) return write_pool_;
  if (lane == Lane::kRead) return read_pool_;
  return lane == Lane::kControl ? control_pool_ : query_pool_;
}

void ConnectionHost::StopPools() {
  if (options.security != nullptr) options.security->passwords().Stop();
  query_pool_.Stop();
  write_pool_.Stop();
  read_pool_.Stop();
  control_pool_.Stop();
}

std::shared_ptr<RegisteredConnection> ConnectionHost::TakeLongestWaiting() {
  auto longest = open_.end();
  int64_t earliest = 0;
  for (auto one = open_.begin(); one != open_.end(); ++one) {
    const int64_t since = one->second->WaitingSince();
    if (since != 0 && (longest == open_.end() || since < earliest)) {
      longest = one;
      earliest = since;
    }
  }
  if (longest == open_.end()) return nullptr;
  std::shared_ptr<RegisteredConnection> taken = std::move(longest->second);
  open_.erase(longest);
  return taken;
}

bool ConnectionHost::Register(std::shared_ptr<RegisteredConnection> connection) {
  std::shared_ptr<RegisteredConnection> evicted;
  {
    absl::MutexLock lock(&mutex_);
    if (static_cast<int>(open_.size()) >= options.max_connections) {
      evicted = TakeLongestWaiting();
      if (evicted == nullptr) return false;
    }
    const RegisteredConnection* key = connection.get();
    open_.emplace(key, std::move(connection));
  }
  if (evicted != nullptr) {
    ++counters.evicted;
    evicted->Abort();
  }
  return true;
}

void ConnectionHost::Unregister(const RegisteredConnection* connection) {
  absl::MutexLock lock(&mutex_);
  open_.erase(connection);
}

std::vector<std::shared_ptr<RegisteredConnection>> ConnectionHost::All() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::shared_ptr<RegisteredConnection>> all;
  for (const auto& [key, connection] : open_) all.push_back(connection);
  return all;
}

void ConnectionHost::Clear() {
  OpenConnections closed;
  {
    absl::MutexLock lock(&mutex_);
    closed.swap(open_);
  }
}

int64_t ConnectionHost::count() const {
  absl::MutexLock lock(&mutex_);
  return static_cast<int64_t>(open_.size());
}

bool ConnectionHost::WaitUntilEmpty(absl::Time deadline) const {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithDeadline(absl::Condition(this, &ConnectionHost::IsEmpty), deadline);
}

bool ConnectionHost::Reserve(std::atomic<int64_t>& reserved, int64_t bytes, int64_t limit) {
  const int64_t after = reserved += bytes;
  if (after <= limit) return true;
  reserved -= bytes;
  return false;
}

bool ConnectionHost::ReserveBody(int64_t bytes) {
  return Reserve(reserved_body_bytes_, bytes, options.max_buffered_body_bytes);
}

bool ConnectionHost::ReserveResponse(int64_t bytes) {
  return Reserve(reserved_response_bytes_, bytes, options.max_buffered_response_bytes);
}

}  // namespace sloburn::web
