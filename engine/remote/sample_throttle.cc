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
  free_at_ = std::max(free_at_, absl::Now()) + worth;
}

bool SampleThrottle::IsAllowed() const {
  absl::MutexLock lock(&mutex_);
  return free_at_ <= absl::Now();
}

bool SampleThrottle::WaitUntilAllowed(const absl::Notification& cancelled) const {
  while (!IsAllowed()) {
    absl::Time free_at;
    {
      absl::MutexLock lock(&mutex_);
      free_at = free_at_;
    }
    if (cancelled.WaitForNotificationWithDeadline(free_at)) return false;
  }
  return !cancelled.HasBeenNotified();
}

}  // namespace sloburn::remote
