// SPDX-License-Identifier: Apache-2.0
// The time of the newest sample of each series, by id: what a snapshot has to remember of all series
// when it is taken. Copies are cheap: they share pages, and the first change of a page after a copy
// was taken makes a new one.
//
// Threads: Set by one thread, while nobody calls Take; Take by any number. Copies are immutable.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace sloburn {

class NewestTimes {
  static constexpr size_t kPageSize = 512;
  struct Page {
    int64_t copies_before;  // that were taken before the page was made
    std::array<int64_t, kPageSize> times;
  };

 public:
  // Of a series without samples.
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::min();

  class Copy {
   public:
    // Unix ms, or kNone, also for ids that were not there.
    int64_t operator[](size_t id) const {
      return id < size_ ? pages_[id / kPageSize]->times[id % kPageSize] : kNone;
    }
    // Ids from here on were not there.
    size_t size() const { return size_; }

   private:
    friend class NewestTimes;
    std::vector<std::shared_ptr<const Page>> pages_;
    size_t size_ = 0;
  };

  void Set(size_t id, int64_t time_ms) {
    while (pages_.size() <= id / kPageSize) {
      pages_.push_back(std::make_shared<Page>());
      pages_.back()->copies_before = copies_;
      pages_.back()->times.fill(kNone);
    }
    std::shared_ptr<Page>& page = pages_[id / kPageSize];
    int64_t& time = page->times[id % kPageSize];
    size_ = std::max(size_, id + 1);
    if (time == time_ms) return;
    if (page->copies_before == copies_) {
      time = time_ms;
      return;
    }
    page = std::make_shared<Page>(*page);
    page->copies_before = copies_;
    page->times[id % kPageSize] = time_ms;
  }

  Copy Take() const {
    ++copies_;
    Copy copy;
    copy.pages_.assign(pages_.begin(), pages_.end());
    copy.size_ = size_;
    return copy;
  }

 private:
  std::vector<std::shared_ptr<Page>> pages_;
  size_t size_ = 0;
  mutable std::atomic<int64_t> copies_{0};
};

}  // namespace sloburn
