// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/context.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sloburn::engine {
namespace {

// Reading the clock costs more than a short series.
constexpr unsigned kCallsPerClockRead = 16;
constexpr int64_t kBytesPerSample = 16;  // a value and a time

}  // namespace

absl::Status TooManySamples() {
  return absl::ResourceExhaustedError(
      "query processing would load too many samples into memory in query execution");
}

absl::Status CheckHeld(int64_t samples, const QueryOptions& options) {
  if (samples > options.max_samples) return TooManySamples();
  if (options.max_memory_bytes == 0 || samples <= options.max_memory_bytes / kBytesPerSample) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("query processing would hold samples of more than the limit of ",
                   options.max_memory_bytes, " bytes in memory (--query.max-memory)"));
}

absl::Status ExecContext::Hold(int64_t samples) {
  held_ += samples;
  peak_ = std::max(peak_, held_);
  return CheckHeld(held_, options);
}

int ExecContext::TakeThreads(size_t series, int64_t steps) {
  if (static_cast<int64_t>(series) * steps < options.min_parallel_samples) return 1;
  return 1 + std::exchange(idle_threads_, 0);
}

absl::Status ExecContext::CheckInterrupt() {
  return ++calls_ % kCallsPerClockRead == 1 ? meter_.Check() : meter_.CheckCancelled();
}

}  // namespace sloburn::engine
