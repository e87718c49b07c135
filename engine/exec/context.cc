// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/context.h"

#include <algorithm>
#include <utility>

namespace sloburn::engine {
namespace {

// Reading the clock costs more than a short series.
constexpr unsigned kCallsPerClockRead = 16;

}  // namespace

absl::Status TooManySamples() {
  return absl::ResourceExhaustedError(
      "query processing would load too many samples into memory in query execution");
}

absl::Status ExecContext::Hold(int64_t samples) {
  held_ += samples;
  peak_ = std::max(peak_, held_);
  return held_ <= options.max_samples ? absl::OkStatus() : TooManySamples();
}

int ExecContext::TakeThreads(size_t series, int64_t steps) {
  if (static_cast<int64_t>(series) * steps < options.min_parallel_samples) return 1;
  return 1 + std::exchange(idle_threads_, 0);
}

absl::Status ExecContext::CheckInterrupt() {
  return ++calls_ % kCallsPerClockRead == 1 ? meter_.Check() : meter_.CheckCancelled();
}

}  // namespace sloburn::engine
