// SPDX-License-Identifier: Apache-2.0
#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <vector>

#include "absl/synchronization/notification.h"

namespace sloburn {
namespace {

TEST(WorkerPool, ForEachDoesEachItemOnce) {
  WorkerPool pool(3);
  for (const size_t count : {0, 1, 2, 3, 4, 1000}) {
    std::vector<std::atomic<int>> done(count);
    pool.ForEach(count, [&](size_t i) { ++done[i]; });
    for (const std::atomic<int>& one : done) EXPECT_EQ(one, 1);
  }
}

TEST(WorkerPool, ForEachUsesIdleThreads) {
  WorkerPool pool(1);
  // Neither item can end before the other one has begun.
  absl::Notification begun[2];
  pool.ForEach(2, [&](size_t i) {
    begun[i].Notify();
    begun[1 - i].WaitForNotification();
  });
  EXPECT_TRUE(begun[0].HasBeenNotified() && begun[1].HasBeenNotified());
}

TEST(WorkerPool, ForEachDoesNotWaitForBusyThreads) {
  absl::Notification go_on;
  WorkerPool pool(1);
  pool.Submit([&] { go_on.WaitForNotification(); });
  int done = 0;
  pool.ForEach(10, [&](size_t) { ++done; });
  EXPECT_EQ(done, 10);
  go_on.Notify();
}

TEST(WorkerPool, ForEachFromManyThreadsAndFromItself) {
  WorkerPool pool(2);
  std::atomic<int> done{0};
  pool.ForEach(8, [&](size_t) { pool.ForEach(50, [&](size_t) { ++done; }); });
  EXPECT_EQ(done, 400);
}

TEST(WorkerPool, StopRunsWhatWasSubmitted) {
  std::atomic<int> done{0};
  WorkerPool pool(2);
  for (int i = 0; i < 100; ++i) pool.Submit([&] { ++done; });
  pool.Stop();
  EXPECT_EQ(done, 100);
  pool.ForEach(5, [&](size_t) { ++done; });  // by the caller alone
  EXPECT_EQ(done, 105);
}

}  // namespace
}  // namespace sloburn
