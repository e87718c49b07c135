// SPDX-License-Identifier: Apache-2.0
// A fixed number of threads that run tasks in the order they came.
//
//   WorkerPool pool(4);
//   pool.Submit([] { ... });
//   pool.ForEach(items.size(), [&](size_t i) { Work(items[i]); });
//
// Threads: Submit and ForEach may be called from any thread, ForEach also from tasks. Tasks must
// not throw.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace sloburn {

class WorkerPool {
 public:
  explicit WorkerPool(int threads);
  // Waits for the tasks that were submitted.
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void Submit(std::function<void()> task);

  // Calls work(0) ... work(count - 1), each once, and returns when all have returned. The calling
  // thread does what no idle thread takes from it: it never waits for one that is busy elsewhere.
  void ForEach(size_t count, const std::function<void(size_t)>& work);

  // Runs what was submitted, then ends the threads. Idempotent.
  void Stop();

 private:
  void Run();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return is_stopping_ || !tasks_.empty();
  }

  const size_t size_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  bool is_stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace sloburn
