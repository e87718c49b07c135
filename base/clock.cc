// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <algorithm>

namespace sloburn {
namespace {

constexpr absl::Duration kStepBack = absl::Seconds(1);

}  // namespace

absl::Time RealClock::Now() const { return absl::Now(); }

bool RealClock::SleepUntil(absl::Time deadline, const std::atomic<bool>& stop) {
  absl::MutexLock lock(&mutex_);
  absl::Time before = absl::Now();
  while (!stop.load()) {
    const absl::Time now = absl::Now();
    if (now >= deadline || now < before - kStepBack) return true;
    before = now;
    // In short pieces, so that a wall clock that jumps is noticed.
    woken_.WaitWithTimeout(&mutex_, std::min(deadline - now, absl::Seconds(1)));
  }
  return false;
}

void RealClock::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_.SignalAll();
}

absl::Time FakeClock::Now() const {
  absl::MutexLock lock(&mutex_);
  return now_;
}

bool FakeClock::SleepUntil(absl::Time deadline, const std::atomic<bool>& stop) {
  absl::MutexLock lock(&mutex_);
  absl::Time before = now_;
  while (!stop.load() && now_ < deadline && now_ >= before - kStepBack) {
    before = now_;
    changed_.Wait(&mutex_);
  }
  return !stop.load();
}

void FakeClock::Wake() {
  absl::MutexLock lock(&mutex_);
  changed_.SignalAll();
}

void FakeClock::Advance(absl::Duration step) {
  absl::MutexLock lock(&mutex_);
  now_ += step;
  changed_.SignalAll();
}

}  // namespace sloburn
