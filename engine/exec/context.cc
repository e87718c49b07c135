// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/context.h"

#include <utility>

namespace sloburn::engine {
namespace {

// Reading the clock costs more than a short series.
constexpr unsigned kCallsPerClockRead = 16;

}  // namespace

absl::Status ExecContext::Hold(int64_t samples) {
  held_ += samples;
  if (held_ <= options.max_samples) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      "query processing would load too many samples into memory in query execution");
}

int ExecContext::TakeThreads(size_t series, int64_t steps) {
  if (static_cast<int64_t>(series) * steps < options.min_parallel_samples) return 1;
  return 1 + std::exchange(idle_threads_, 0);
}

absl::Status ExecContext::CheckInterrupt() {
  if (options.cancelled != nullptr && options.cancelled->load(std::memory_order_relaxed)) {
    return absl::CancelledError("query was canceled in expression evaluation");
  }
  if (++calls_ % kCallsPerClockRead == 1 && absl::Now() > deadline_) {
    return absl::DeadlineExceededError("query timed out in expression evaluation");
  }
  return absl::OkStatus();
}

}  // namespace sloburn::engine
