// SPDX-License-Identifier: Apache-2.0
// What sync.cc and sync_fetch.cc share: the private structs of Sync.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/model/time_range.h"
#include "engine/remote/sync.h"

namespace sloburn::remote {

// One distinct set of matchers. What is not const is guarded by Sync::mutex_.
struct Sync::Target {
  Target(Matchers matchers, std::string selector, std::string text)
      : matchers(std::move(matchers)), selector(std::move(selector)), text(std::move(text)) {}

  const Matchers matchers;
  const std::string selector;  // PromQL
  const std::string text;      // as the rules have it

  int64_t oldest_ms = 0;
  bool is_loaded = false;     // the history is here
  bool has_coverage = false;  // (covered_from, covered_to] is here
  int64_t covered_from_ms = 0, covered_to_ms = 0;
  // Some series could not take what is older than this.
  int64_t incomplete_before_ms = kMinTimeMs;
  // Query API: the series that may have to be marked as ended.
  std::unordered_set<Labels, LabelsHash> live;
};

// What to fetch of a target: (from_ms, to_ms].
struct Sync::Window {
  std::shared_ptr<Target> target;
  int64_t from_ms = 0, to_ms = 0;
  bool is_history = false;
};

// What was fetched and is not committed yet.
struct Sync::Batch {
  struct Series {
    size_t window_index;
    SeriesSamples samples;
  };
  std::vector<Series> series;
  int64_t samples = 0;
  int64_t histogram_series = 0;
};

// What becomes true once an appender has committed.
struct Sync::Pending {
  std::unordered_map<Labels, SeriesState, LabelsHash> states;
  SyncStats counted;
  std::vector<std::pair<std::shared_ptr<Target>, int64_t>> incomplete;  // one per series
};

}  // namespace sloburn::remote
