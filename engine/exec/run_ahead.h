// SPDX-License-Identifier: Apache-2.0
// Computes the items of a sequence on several threads ahead of the one that consumes them in order.
//
//   RunAhead<Column> ahead(size, threads, [&](size_t i, Column& column) { ... });
//   for (size_t i = 0; i < size; ++i) Use(ahead.Next());
//
// What is consumed, and in which order, does not depend on the number of threads. At most kWindow
// blocks are ahead, so memory stays bounded; the items are reused.
// Threads: Next belongs to one thread. `compute` is called on several, each time for another item;
// what it uses must outlive this object, whose destructor waits for the calls under way.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace sloburn::engine {

template <typename Item>
class RunAhead {
 public:
  using Compute = std::function<void(size_t index, Item& item)>;

  // `threads` - 1 are started, or fewer where the system has no more; the consumer works as well
  // when it would wait.
  RunAhead(size_t size, int threads, Compute compute) : size_(size), compute_(std::move(compute)) {
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { Work(); });
    } catch (const std::system_error&) {
      // No more threads to be had: those that there are do the work, the consumer if need be.
    }
  }

  ~RunAhead() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    has_room_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  RunAhead(const RunAhead&) = delete;
  RunAhead& operator=(const RunAhead&) = delete;

  // The next item, valid until the next call. Called `size` times at most.
  Item& Next() {
    const size_t block = next_ / kBlock;
    if (next_ % kBlock == 0) Await(block);
    return At(next_++);
  }

 private:
  static constexpr size_t kBlock = 16;
  static constexpr size_t kWindow = 8;  // blocks

  size_t blocks() const { return (size_ + kBlock - 1) / kBlock; }
  Item& At(size_t index) { return items_[index % items_.size()]; }

  // REQUIRES: the lock is held. Blocks before `consumed_` are done with.
  bool CanClaim() const { return claimed_ < std::min(blocks(), consumed_ + kWindow); }

  void ComputeBlock(size_t block) {
    const size_t end = std::min(size_, (block + 1) * kBlock);
    for (size_t i = block * kBlock; i < end; ++i) compute_(i, At(i));
  }

  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      has_room_.wait(lock, [this] {
        return is_stopping_ || CanClaim() || claimed_ == blocks();
      });
      if (is_stopping_ || claimed_ == blocks()) return;
      ClaimAndCompute(lock);
      is_ready_changed_.notify_one();
    }
  }

  // Until `block` is computed; meanwhile computes others.
  void Await(size_t block) {
    std::unique_lock lock(mutex_);
    consumed_ = block;
    has_room_.notify_all();
    while (!is_ready_[block % kWindow]) {
      if (CanClaim()) {
        ClaimAndCompute(lock);
      } else {
        is_ready_changed_.wait(lock);
      }
    }
    is_ready_[block % kWindow] = false;
  }

  void ClaimAndCompute(std::unique_lock<std::mutex>& lock) {
    const size_t block = claimed_++;
    lock.unlock();
    ComputeBlock(block);
    lock.lock();
    is_ready_[block % kWindow] = true;
  }

  const size_t size_;
  const Compute compute_;
  std::vector<Item> items_ = std::vector<Item>(kBlock * kWindow);
  size_t next_ = 0;  // of the consumer
  std::mutex mutex_;
  std::condition_variable has_room_, is_ready_changed_;
  // Under the lock:
  size_t claimed_ = 0;   // blocks, all before which are computed or being computed
  size_t consumed_ = 0;  // the block that the consumer reads
  std::array<bool, kWindow> is_ready_ = {};
  bool is_stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace sloburn::engine
