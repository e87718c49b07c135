// SPDX-License-Identifier: Apache-2.0
// Counts and times answered requests, by route and code, for GET /metrics.
//
// Threads: all functions may be called from any thread. Routes are patterns, never what clients
// sent, so the number of series is bounded.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "web/metrics.h"

namespace sloburn::web {

class RequestMetrics {
 public:
  void Observe(std::string_view pattern, int status, double seconds, size_t body_bytes);
  void Collect(std::vector<MetricFamily>& families) const;

 private:
  static constexpr std::array<double, 8> kBucketSeconds = {.005, .025, .1, .25, 1, 5, 25, 120};
  struct PerRoute {
    std::map<int, int64_t> by_code;
    std::array<int64_t, kBucketSeconds.size() + 1> buckets{};  // not cumulative; last: the rest
    double total_seconds = 0;
    int64_t count = 0;
    double body_bytes = 0;
  };
  mutable absl::Mutex mutex_;
  std::map<std::string, PerRoute, std::less<>> routes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn::web
