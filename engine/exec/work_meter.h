// SPDX-License-Identifier: Apache-2.0
// Whether a query may go on: looked at once in so many samples, so that loops over the samples of
// one long series end soon after the query's time or its client's patience.
//
//   WorkMeter meter = context.NewMeter();
//   for (...) RETURN_IF_ERROR(meter.Add(window.size));
//
// Threads: one; each thread has its own.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sloburn::engine {

// Work with a native histogram, in samples.
inline constexpr int64_t kHistogramWork = 64;

class WorkMeter {
 public:
  // `cancelled` may be null.
  WorkMeter(const std::atomic<bool>* cancelled, absl::Time deadline)
      : cancelled_(cancelled), deadline_(deadline) {}

  absl::Status Add(int64_t samples) {
    left_ -= samples;
    return left_ > 0 ? absl::OkStatus() : Check();
  }

  // Now: Cancelled, DeadlineExceeded.
  absl::Status Check() {
    left_ = kSamplesPerCheck;
    if (absl::Status status = CheckCancelled(); !status.ok()) return status;
    if (absl::Now() <= deadline_) return absl::OkStatus();
    return absl::DeadlineExceededError("query timed out in expression evaluation");
  }
  absl::Status CheckCancelled() const {
    if (cancelled_ == nullptr || !cancelled_->load(std::memory_order_relaxed)) {
      return absl::OkStatus();
    }
    return absl::CancelledError("query was canceled in expression evaluation");
  }

 private:
  static constexpr int64_t kSamplesPerCheck = 1 << 16;

  const std::atomic<bool>* cancelled_;
  absl::Time deadline_;
  int64_t left_ = kSamplesPerCheck;
};

}  // namespace sloburn::engine
