// SPDX-License-Identifier: Apache-2.0
// The time limit of one operation on a socket after the other. Private to the server.
//
// Threads: the strand of the executor; waiting_since from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "absl/time/time.h"

namespace sloburn::web {

class IoDeadline {
 public:
  explicit IoDeadline(const boost::asio::any_io_executor& executor) : timer_(executor) {}

  // The operation begun next is given up after `limit`: then `give_up` is called, which must keep
  // this object alive. The operation's handler must call Disarm first.
  template <typename GiveUp>
  void Arm(absl::Duration limit, GiveUp give_up) {
    waiting_since_ = std::chrono::steady_clock::now().time_since_epoch().count();
    has_passed_ = false;
    const int64_t generation = ++generation_;
    timer_.expires_after(absl::ToChronoMilliseconds(limit));
    timer_.async_wait([this, generation, give_up = std::move(give_up)](const auto&) {
      if (generation != generation_) return;
      has_passed_ = true;
      give_up();
    });
  }

  void Disarm() {
    ++generation_;
    timer_.cancel();
    waiting_since_ = 0;
  }

  // Of the last operation.
  bool has_passed() const { return has_passed_; }
  // Nanoseconds of the steady clock; 0 while no operation is under way.
  int64_t waiting_since() const { return waiting_since_.load(); }

 private:
  boost::asio::steady_timer timer_;
  int64_t generation_ = 0;
  bool has_passed_ = false;
  std::atomic<int64_t> waiting_since_{0};
};

}  // namespace sloburn::web
