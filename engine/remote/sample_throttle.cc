// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/sample_throttle.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace sloburn::remote {

void SampleThrottle::Charge(int64_t samples) {
  if (samples_per_second_ <= 0) return;
  const absl::Duration worth =
      absl::Seconds(static_cast<double>(samples) / static_cast<double>(samples_per_second_));
  absl::MutexLock lock(&mutex_);
  free_at_ = std::max(free_at_, Clock::now()) +
             std::chrono::duration_cast<Clock::duration>(absl::ToChronoNanoseconds(worth));
}

bool SampleThrottle::IsAllowed() const {
  absl::MutexLock lock(&mutex_);
  return free_at_ <= Clock::now();
}

bool SampleThrottle::WaitUntilAllowed(const absl::Notification& cancelled) const {
  while (!IsAllowed()) {
    Clock::time_point free_at;
    {
      absl::MutexLock lock(&mutex_);
      free_at = free_at_;
    }
    const absl::Duration left = absl::FromChrono(free_at - Clock::now());
    if (cancelled.WaitForNotificationWithTimeout(left)) return false;
  }
  return !cancelled.HasBeenNotified();
}

}  // namespace sloburn::remote
