// SPDX-License-Identifier: Apache-2.0
// A folder for a database, and samples of several series to fill it with: counters with resets,
// gaps, markers, late samples. The same calls make the same samples.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <filesystem>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/model/stale.h"
#include "engine/storage/durable/durable_storage.h"

namespace sloburn {

inline Labels Named(const std::string& name) {
  return Labels::FromPairs({{"__name__", name}, {"a", "b"}});
}

class DurableFixture : public testing::Test {
 protected:
  DurableFixture() {
    folder_ = std::filesystem::temp_directory_path() /
              ("sloburn-durable-" + std::to_string(getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
  }
  ~DurableFixture() override { std::filesystem::remove_all(folder_); }

  std::string Path() const { return folder_ / "sloburn.db"; }

  static MemoryStorageOptions MemoryOptions() {
    MemoryStorageOptions options;
    options.out_of_order_window = absl::Minutes(5);
    return options;
  }

  // Times and bits of values, by series.
  using AllSamples = std::map<std::string, std::vector<std::pair<int64_t, uint64_t>>>;

  // Everything in the store.
  static AllSamples All(const MemoryStorage& storage) {
    AllSamples all;
    auto found = storage.TakeSnapshot()->Select({}, std::numeric_limits<int64_t>::min(),
                                                std::numeric_limits<int64_t>::max());
    EXPECT_TRUE(found.ok());
    for (const auto& reader : *found) {
      SampleBuffer buffer;
      const auto view = reader->Read(std::numeric_limits<int64_t>::min() + 1,
                                     std::numeric_limits<int64_t>::max(), buffer);
      EXPECT_TRUE(view.ok());
      auto& samples = all[reader->labels().ToString()];
      for (size_t i = 0; i < view->size; ++i) {
        samples.emplace_back(view->timestamps[i], std::bit_cast<uint64_t>(view->values[i]));
      }
    }
    return all;
  }

  // One sample, committed.
  static void Push(MemoryStorage& storage, const std::string& name, int64_t time_ms) {
    auto appender = storage.NewAppender();
    ASSERT_TRUE(appender->Append(Named(name), time_ms, 7).ok());
    ASSERT_TRUE(appender->Commit().ok());
  }

  // `rounds` commits of several series: counters with resets, gaps, markers, late samples.
  void Fill(MemoryStorage& storage, int rounds) {
    for (int round = 0; round < rounds; ++round) {
      auto appender = storage.NewAppender();
      const size_t size = 1 + random_() % 300;
      for (size_t i = 0; i < size; ++i) {
        time_ms_ += 1000 + (random_() % 50 == 0 ? 7000 : 0);
        for (int k = 0; k < 3; ++k) {
          if (random_() % 20 == 0) continue;
          value_[k] = random_() % 300 == 0 ? 0 : value_[k] + static_cast<double>(random_() % 9);
          const double value = random_() % 200 == 0 ? StaleMarker() : value_[k] / (k + 1);
          ASSERT_TRUE(appender->Append(Named("m" + std::to_string(k)), time_ms_, value).ok());
        }
        if (i % 40 == 39) {
          ASSERT_TRUE(appender->Append(Named("m3"), time_ms_, 1).ok());
          ASSERT_TRUE(
              appender->Append(Named("m3"), time_ms_ - 500 - static_cast<int>(random_() % 400), 2)
                  .ok());
        }
      }
      ASSERT_TRUE(appender->Commit().ok());
    }
  }

  std::filesystem::path folder_;
  std::mt19937 random_{5};
  int64_t time_ms_ = 1'700'000'000'000;
  double value_[3] = {0, 0, 0};
};

}  // namespace sloburn
