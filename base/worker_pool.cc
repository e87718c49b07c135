// SPDX-License-Identifier: Apache-2.0
#include "base/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

namespace sloburn {
namespace {

// The items of one ForEach. Helpers that come late find none left and never touch `work`, which is
// gone by then.
struct SharedItems {
  SharedItems(size_t size, const std::function<void(size_t)>& function)
      : count(size), work(function) {}

  const size_t count;
  const std::function<void(size_t)>& work;
  std::atomic<size_t> next{0};
  absl::Mutex mutex;
  size_t done ABSL_GUARDED_BY(mutex) = 0;

  void Help() {
    size_t mine = 0;
    for (size_t i = next++; i < count; i = next++, ++mine) work(i);
    if (mine == 0) return;
    absl::MutexLock lock(&mutex);
    done += mine;
  }

  void AwaitAll() {
    absl::MutexLock lock(&mutex);
    const auto is_done = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) { return done == count; };
    mutex.Await(absl::Condition(&is_done));
  }
};

}  // namespace

WorkerPool::WorkerPool(int threads) : size_(static_cast<size_t>(std::max(1, threads))) {
  for (size_t i = 0; i < size_; ++i) threads_.emplace_back([this] { Run(); });
}

WorkerPool::~WorkerPool() { Stop(); }

void WorkerPool::Submit(std::function<void()> task) {
  absl::MutexLock lock(&mutex_);
  tasks_.push_back(std::move(task));
}

void WorkerPool::ForEach(size_t count, const std::function<void(size_t)>& work) {
  if (count == 0) return;
  const auto items = std::make_shared<SharedItems>(count, work);
  for (size_t i = 0; i < std::min(size_, count - 1); ++i) Submit([items] { items->Help(); });
  items->Help();
  items->AwaitAll();
}

void WorkerPool::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    is_stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void WorkerPool::Run() {
  while (true) {
    std::function<void()> task;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &WorkerPool::HasWork));
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace sloburn
