// SPDX-License-Identifier: Apache-2.0
// What the parts of Sync share: its private structs.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
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
  // As it was written to the CoverageStore.
  int64_t saved_to_ms = kMinTimeMs;
  // Query API: `live` has to be asked for, because another process covered what is covered.
  bool needs_live = false;
  // Some series could not take what is not newer than this.
  int64_t incomplete_before_ms = kMinTimeMs;
  // Query API: the series that may have to be marked as ended.
  std::unordered_set<Labels, LabelsHash> live;
  // Of the last pull that was to bring it further; OK after one that did.
  absl::Status failure;
};

// How far a target is to be brought.
struct Sync::Goal {
  std::shared_ptr<Target> target;
  int64_t to_ms = 0;
};

// One call of PullUpTo. What is not const is guarded by Sync::pull_mutex_.
struct Sync::Pull {
  const int64_t t_ms;
  const std::vector<std::string>& selectors;
  const std::chrono::steady_clock::time_point asked;
  bool is_done = false;
  absl::Status status = absl::OkStatus();
};

// What to fetch of a target: (from_ms, to_ms].
struct Sync::Window {
  std::shared_ptr<Target> target;
  int64_t from_ms = 0, to_ms = 0;
  bool is_history = false;
  bool is_first = false;  // nothing was covered before
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

// To one request.
struct Sync::Answer {
  std::vector<Window> windows;
  Batch batch;
  bool is_query = false;      // by the query API; one window then
  std::vector<Labels> live;   // query API: what may have to be marked as ended later
  // What an instant query at the window's end returned; nullopt where nothing could have ended.
  std::optional<std::vector<Labels>> present;
};

// All windows of one stretch of time, under way or fetched.
struct Sync::Slice {
  // The next `most` windows to ask for; none when the slice is done, or is not to be gone on with.
  std::vector<Window> TakeWindows(size_t most);
  void Add(const std::vector<Window>& asked, absl::StatusOr<Answer> answer);

  int64_t begin_ms = 0, end_ms = 0;
  bool is_history = false;
  int64_t most_size = 0;  // above, it is given up; a histogram counts as several samples
  int64_t charged = 0;  // samples that the throttle was told to expect
  std::string text;          // of the selector that progress names
  std::vector<Window> windows;
  std::atomic<bool> is_abandoned{false};

  std::atomic<int64_t> samples{0}, size{0};  // that have arrived

  absl::Mutex mutex;
  size_t next_window = 0;
  bool is_over = false;  // the source cannot be reached
  // Written by the threads that fetch, read without the mutex after they have ended.
  std::vector<Answer> answers;
  std::vector<std::pair<std::vector<Window>, absl::Status>> failures;
  absl::Status status;  // the first error; the answers to other requests are there all the same
  std::thread thread;
};

// What becomes true once an appender has committed.
struct Sync::Pending {
  std::unordered_map<Labels, SeriesState, LabelsHash> states;
  SyncStats counted;
  std::vector<std::pair<std::shared_ptr<Target>, int64_t>> incomplete;  // one per series
};

}  // namespace sloburn::remote
