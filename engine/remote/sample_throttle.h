// SPDX-License-Identifier: Apache-2.0
// Keeps the pace at which samples are fetched below a limit, on average.
//
//   SampleThrottle throttle(100'000);
//   if (!throttle.WaitUntilAllowed(cancelled)) return ...;
//   throttle.Charge(expected);             // before a request
//   throttle.Charge(samples - expected);   // after it
//
// How many samples a request brings is known only afterwards: the next one waits for as long as
// they were worth. Time that was not used is not saved up. Threads: any.
#pragma once

#include <chrono>
#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace sloburn::remote {

class SampleThrottle {
 public:
  // 0: no limit.
  explicit SampleThrottle(int64_t samples_per_second) : samples_per_second_(samples_per_second) {}

  // Less than 0: gives back.
  void Charge(int64_t samples);
  bool IsAllowed() const;
  // False where `cancelled` came first.
  bool WaitUntilAllowed(const absl::Notification& cancelled) const;

 private:
  using Clock = std::chrono::steady_clock;  // the wall's may be set back

  const int64_t samples_per_second_;
  mutable absl::Mutex mutex_;
  Clock::time_point free_at_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn::remote
