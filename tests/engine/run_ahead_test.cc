// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/run_ahead.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace sloburn::engine {
namespace {

TEST(RunAhead, YieldsEachItemOnceAndInOrder) {
  for (const int threads : {1, 2, 3, 8}) {
    for (const size_t size : {0, 1, 15, 16, 17, 127, 128, 129, 1000}) {
      std::vector<std::atomic<int>> computed(size);
      RunAhead<size_t> ahead(size, threads, [&](size_t index, size_t& item) {
        ++computed[index];
        item = index * index;
      });
      for (size_t i = 0; i < size; ++i) ASSERT_EQ(ahead.Next(), i * i) << threads << " " << size;
      for (const std::atomic<int>& count : computed) ASSERT_EQ(count, 1);
    }
  }
}

TEST(RunAhead, WorksUnevenly) {
  constexpr size_t kSize = 300;
  RunAhead<size_t> ahead(kSize, 3, [&](size_t index, size_t& item) {
    if (index % 37 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    item = index;
  });
  for (size_t i = 0; i < kSize; ++i) {
    if (i % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(ahead.Next(), i);
  }
}

TEST(RunAhead, ItemsStayUntilTheNextCall) {
  RunAhead<std::vector<size_t>> ahead(500, 4, [](size_t index, std::vector<size_t>& item) {
    item.assign(50, index);
  });
  for (size_t i = 0; i < 500; ++i) {
    const std::vector<size_t>& item = ahead.Next();
    std::this_thread::yield();
    for (const size_t value : item) ASSERT_EQ(value, i);
  }
}

TEST(RunAhead, DoesNotRunFarAhead) {
  std::atomic<size_t> furthest = 0;
  RunAhead<size_t> ahead(100'000, 4, [&](size_t index, size_t&) {
    size_t seen = furthest;
    while (seen < index && !furthest.compare_exchange_weak(seen, index)) {
    }
  });
  ahead.Next();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_LT(furthest, 200u);
}

TEST(RunAhead, EndsBeforeAllIsConsumed) {
  for (int consumed = 0; consumed < 40; ++consumed) {
    RunAhead<int> ahead(10'000, 4, [](size_t, int& item) { item = 1; });
    for (int i = 0; i < consumed; ++i) ahead.Next();
  }
}

}  // namespace
}  // namespace sloburn::engine
