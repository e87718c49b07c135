// SPDX-License-Identifier: Apache-2.0
// What the connections of one server share: limits, the router, the lanes, counters, and the
// register of open connections. Private to the server.
//
// Threads: all functions may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "web/router.h"
#include "web/server.h"
#include "base/worker_pool.h"

namespace sloburn::web {

// A connection as the register sees it.
class RegisteredConnection {
 public:
  virtual ~RegisteredConnection() = default;
  // Nanoseconds of the steady clock since when it waits for its client; 0 while it is busy.
  virtual int64_t WaitingSince() const = 0;
  // Closes now; cancels a request under way.
  virtual void Abort() = 0;
  // Closes as soon as no request is under way.
  virtual void CloseWhenIdle() = 0;
};

class ConnectionHost {
 public:
  ConnectionHost(const ServerOptions& options, const Router& router)
      : options(options),
        router(router),
        query_pool_(options.query_threads),
        write_pool_(options.write_threads),
        read_pool_(options.read_threads),
        control_pool_(options.control_threads) {}

  const ServerOptions options;
  const Router& router;
  std::atomic<bool> is_stopping{false};

  struct Counters {
    std::atomic<int64_t> accepted{0}, refused{0}, evicted{0}, bad_requests{0}, timeouts{0};
    std::atomic<int64_t> tls_handshake_errors{0}, unauthorized{0};
  };
  Counters counters;

  // REQUIRES: lane is not kHealth, which has no pool.
  WorkerPool& PoolOf(Lane lane);
  void StopPools();

  // False when the register is full and none of its connections can be closed.
  bool Register(std::shared_ptr<RegisteredConnection> connection);
  void Unregister(const RegisteredConnection* connection);
  std::vector<std::shared_ptr<RegisteredConnection>> All() const;
  // Lets go of all connections; they hold the host, and it them.
  void Clear();
  int64_t count() const;
  // False when some were still open at `deadline`.
  bool WaitUntilEmpty(absl::Time deadline) const;

  // Room for request bodies; a successful reservation must be given back.
  bool ReserveBody(int64_t bytes);
  void ReleaseBody(int64_t bytes) { reserved_body_bytes_ -= bytes; }
  // The same for answers.
  bool ReserveResponse(int64_t bytes);
  void ReleaseResponse(int64_t bytes) { reserved_response_bytes_ -= bytes; }

 private:
  using OpenConnections =
      std::unordered_map<const RegisteredConnection*, std::shared_ptr<RegisteredConnection>>;
  bool IsEmpty() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return open_.empty(); }
  static bool Reserve(std::atomic<int64_t>& reserved, int64_t bytes, int64_t limit);
  // Takes out the connection that has waited longest for its client.
  std::shared_ptr<RegisteredConnection> TakeLongestWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  WorkerPool query_pool_, write_pool_, read_pool_, control_pool_;
  std::atomic<int64_t> reserved_body_bytes_{0}, reserved_response_bytes_{0};
  mutable absl::Mutex mutex_;
  OpenConnections open_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn::web
