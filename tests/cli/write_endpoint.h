// SPDX-License-Identifier: Apache-2.0
// A remote write endpoint for tests: takes samples in, or refuses them for a while.
//
// Threads: all functions from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "tests/engine/remote/fake_server.h"

namespace sloburn::cli {

class WriteEndpoint {
 public:
  WriteEndpoint();

  std::string url() const { return server_.url("/api/v1/write"); }

  // By series, what was accepted, in order of arrival.
  std::map<std::string, std::vector<int64_t>> Arrived() const;
  // Waits until `done(Arrived())`; false after 10 s.
  bool WaitFor(
      const std::function<bool(const std::map<std::string, std::vector<int64_t>>&)>& done) const;

  std::atomic<bool> is_down{false};  // answers 503
  std::atomic<int64_t> delay_ms{0};  // before each answer

 private:
  remote::FakeAnswer Handle(const remote::FakeRequest& request);

  mutable absl::Mutex mutex_;
  std::map<std::string, std::vector<int64_t>> arrived_ ABSL_GUARDED_BY(mutex_);
  remote::FakeServer server_;  // last: its threads use the rest
};

}  // namespace sloburn::cli
