// SPDX-License-Identifier: Apache-2.0
// The windows of one series at all steps of a query: they only move forward, so two cursors find
// each of them. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sloburn::engine {

class WindowSlider {
 public:
  // `timestamps` ascend.
  WindowSlider(const int64_t* timestamps, size_t size) : timestamps_(timestamps), size_(size) {}

  // Moves to the window (start_ms, end_ms], neither before the last one's, and returns its number
  // of samples.
  size_t MoveTo(int64_t start_ms, int64_t end_ms) {
    while (end_ < size_ && timestamps_[end_] <= end_ms) ++end_;
    while (begin_ < end_ && timestamps_[begin_] <= start_ms) ++begin_;
    return end_ - begin_;
  }
  // Moves on by `samples`. The next MoveTo must be for windows that lie there or after.
  void Skip(size_t samples) {
    begin_ += samples;
    end_ += samples;
  }
  size_t begin() const { return begin_; }
  size_t end() const { return end_; }

 private:
  const int64_t* const timestamps_;
  const size_t size_;
  size_t begin_ = 0, end_ = 0;
};

}  // namespace sloburn::engine
