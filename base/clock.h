// SPDX-License-Identifier: Apache-2.0
// Wall-clock time and waiting, as an interface so that schedulers run under test time.
//
// Threads: RealClock is stateless. FakeClock may be advanced from any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace sloburn {

class Clock {
 public:
  virtual ~Clock() = default;

  virtual absl::Time Now() const = 0;

  // Waits until `deadline`, until `*stop` becomes true and Wake() was called, or until the clock is
  // set back by more than a second: a deadline may be far away then. Returns false when it was
  // stopped.
  virtual bool SleepUntil(absl::Time deadline, const std::atomic<bool>& stop) = 0;

  // Makes every SleepUntil look at its stop flag now.
  virtual void Wake() = 0;

  int64_t NowMs() const { return absl::ToUnixMillis(Now()); }
};

class RealClock : public Clock {
 public:
  absl::Time Now() const override;
  bool SleepUntil(absl::Time deadline, const std::atomic<bool>& stop) override;
  void Wake() override;

 private:
  absl::Mutex mutex_;
  absl::CondVar woken_;
};

class FakeClock : public Clock {
 public:
  explicit FakeClock(absl::Time now) : now_(now) {}

  absl::Time Now() const override;
  bool SleepUntil(absl::Time deadline, const std::atomic<bool>& stop) override;
  void Wake() override;

  void Advance(absl::Duration step);

 private:
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn
