// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/newest_times.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace sloburn {
namespace {

TEST(NewestTimes, IdsThatWereNotThereHaveNone) {
  NewestTimes times;
  EXPECT_EQ(times.Take().size(), 0u);
  EXPECT_EQ(times.Take()[0], NewestTimes::kNone);
  times.Set(700, 5);
  const NewestTimes::Copy copy = times.Take();
  EXPECT_EQ(copy.size(), 701u);
  EXPECT_EQ(copy[700], 5);
  EXPECT_EQ(copy[699], NewestTimes::kNone);
  EXPECT_EQ(copy[701], NewestTimes::kNone);
  times.Set(701, 6);
  EXPECT_EQ(copy.size(), 701u);
  EXPECT_EQ(copy[701], NewestTimes::kNone);
}

// Copies stay what the times were when they were taken, however changes and copies follow each other.
TEST(NewestTimes, CopiesStay) {
  std::mt19937 random(3);
  const auto any = [&](size_t end) { return random() % end; };
  NewestTimes times;
  std::vector<int64_t> now;
  std::vector<std::pair<NewestTimes::Copy, std::vector<int64_t>>> taken;
  for (int step = 0; step < 3000; ++step) {
    if (any(10) == 0) {
      taken.emplace_back(times.Take(), now);
      if (taken.size() > 20) taken.erase(taken.begin() + any(20));
    }
    const size_t id = now.empty() || any(2) == 0 ? now.size() + any(3) : any(now.size());
    const int64_t time_ms = any(20) == 0 ? NewestTimes::kNone : static_cast<int64_t>(any(1000));
    if (id >= now.size()) now.resize(id + 1, NewestTimes::kNone);
    now[id] = time_ms;
    times.Set(id, time_ms);
  }
  ASSERT_GT(now.size(), 1100u);  // several pages
  taken.emplace_back(times.Take(), now);
  for (const auto& [copy, expected] : taken) {
    ASSERT_EQ(copy.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(copy[i], expected[i]);
  }
}

}  // namespace
}  // namespace sloburn
