// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/memory_storage.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/model/histogram.h"
#include "engine/model/stale.h"

namespace sloburn {
namespace {

Labels Named(const std::string& name, const std::string& job = "") {
  return Labels::FromPairs({{"__name__", name}, {"job", job}});
}

Matchers ByName(const std::string& name) {
  return {Matcher::Plain(parser::MatchType::kEqual, "__name__", name)};
}

std::vector<Sample> ReadAll(const Snapshot& snapshot, const std::string& name) {
  auto series = snapshot.Select(ByName(name), -1'000'000, 1'000'000'000);
  EXPECT_TRUE(series.ok());
  std::vector<Sample> samples;
  SampleBuffer buffer;
  for (const auto& one : *series) {
    const auto view = one->Read(-1'000'000, 1'000'000'000, buffer);
    EXPECT_TRUE(view.ok());
    for (size_t i = 0; i < view->size; ++i) {
      samples.push_back({view->timestamps[i], view->values[i]});
    }
  }
  return samples;
}

absl::Status AppendOne(MemoryStorage& storage, const Labels& labels, int64_t t, double v) {
  auto appender = storage.NewAppender();
  const absl::Status status = appender->Append(labels, t, v);
  return status.ok() ? appender->Commit() : status;
}

TEST(MemoryStorage, SnapshotDoesNotSeeWhatComesLater) {
  MemoryStorage storage;
  ASSERT_TRUE(AppendOne(storage, Named("a"), 1, 10).ok());
  const auto before = storage.TakeSnapshot();
  for (int i = 2; i < 200; ++i) ASSERT_TRUE(AppendOne(storage, Named("a"), i, i).ok());
  ASSERT_TRUE(AppendOne(storage, Named("b"), 1, 1).ok());
  EXPECT_EQ(ReadAll(*before, "a").size(), 1u);
  EXPECT_TRUE(ReadAll(*before, "b").empty());
  EXPECT_EQ(ReadAll(*storage.TakeSnapshot(), "a").size(), 199u);
}

TEST(MemoryStorage, UncommittedSamplesAreInvisible) {
  MemoryStorage storage;
  {
    auto appender = storage.NewAppender();
    ASSERT_TRUE(appender->Append(Named("a"), 1, 1).ok());
  }
  EXPECT_TRUE(ReadAll(*storage.TakeSnapshot(), "a").empty());
  EXPECT_EQ(storage.Stats().series, 0u);
}

TEST(MemoryStorage, JudgesLateAndDuplicateSamplesAsPrometheusDoes) {
  MemoryStorage storage;
  ASSERT_TRUE(AppendOne(storage, Named("a"), 10, 1).ok());
  EXPECT_EQ(AppendOne(storage, Named("a"), 9, 1).message(), "out of order sample");
  EXPECT_EQ(AppendOne(storage, Named("a"), 10, 2e20).message(),
            "duplicate sample for timestamp 10; overrides not allowed: existing 1, new value 2e+20");
  EXPECT_TRUE(AppendOne(storage, Named("a"), 10, 1).ok());
  // Equal to the bit: another NaN is another value.
  ASSERT_TRUE(AppendOne(storage, Named("a"), 11, StaleMarker()).ok());
  EXPECT_TRUE(AppendOne(storage, Named("a"), 11, StaleMarker()).ok());
  EXPECT_FALSE(AppendOne(storage, Named("a"), 11, NormalNan()).ok());
  EXPECT_EQ(storage.Stats().samples, 2);
}

TEST(MemoryStorage, CommitIsAllOrNothing) {
  MemoryStorage storage;
  auto first = storage.NewAppender();
  ASSERT_TRUE(first->Append(Named("a"), 5, 1).ok());
  ASSERT_TRUE(first->Append(Named("b"), 5, 1).ok());
  // Another appender is faster.
  ASSERT_TRUE(AppendOne(storage, Named("b"), 6, 1).ok());
  EXPECT_FALSE(first->Commit().ok());
  EXPECT_TRUE(ReadAll(*storage.TakeSnapshot(), "a").empty());
}

TEST(MemoryStorage, RefusesSeriesAboveTheLimitAndKeepsTheOld) {
  MemoryStorageOptions options;
  options.max_series = 2;
  MemoryStorage storage(options);
  ASSERT_TRUE(AppendOne(storage, Named("a"), 1, 1).ok());
  ASSERT_TRUE(AppendOne(storage, Named("b"), 1, 1).ok());
  const absl::Status status = AppendOne(storage, Named("c"), 1, 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(AppendOne(storage, Named("a"), 2, 1).ok());
}

TEST(MemoryStorage, RetentionForgetsOldSamplesButNotInASnapshot) {
  MemoryStorageOptions options;
  options.retention = absl::Milliseconds(100);
  MemoryStorage storage(options);
  for (int i = 0; i < 16; ++i) ASSERT_TRUE(AppendOne(storage, Named("a"), i, i).ok());
  const auto before = storage.TakeSnapshot();
  const auto readers = before->Select(ByName("a"), 0, 1000);
  ASSERT_TRUE(readers.ok());
  for (int i = 16; i < 5000; ++i) ASSERT_TRUE(AppendOne(storage, Named("a"), i, i).ok());
  // A chunk goes as a whole.
  EXPECT_LT(storage.Stats().samples, 1024 + 300);
  SampleBuffer buffer;
  EXPECT_EQ((*readers)[0]->Read(0, 1000, buffer)->size, 16u);
  const std::vector<Sample> kept = ReadAll(*storage.TakeSnapshot(), "a");
  EXPECT_EQ(kept.back().timestamp_ms, 4999);
  EXPECT_LE(kept.front().timestamp_ms, 4899);
  EXPECT_EQ(static_cast<int64_t>(kept.size()), storage.Stats().samples);
}

TEST(MemoryStorage, TakesLateSamplesWithinTheWindow) {
  MemoryStorageOptions options;
  options.out_of_order_window = absl::Milliseconds(100);
  MemoryStorage storage(options);
  for (int i = 0; i < 2000; i += 2) ASSERT_TRUE(AppendOne(storage, Named("a"), i, i).ok());
  EXPECT_TRUE(AppendOne(storage, Named("a"), 1901, 7).ok());
  EXPECT_TRUE(AppendOne(storage, Named("a"), 1901, 7).ok());  // equal ones are ignored
  EXPECT_EQ(AppendOne(storage, Named("a"), 1901, 8).message(),
            "duplicate sample for timestamp 1901; overrides not allowed: existing 7, new value 8");
  EXPECT_EQ(AppendOne(storage, Named("a"), 1897, 7).message(), "too old sample");
  // The window is behind the newest sample of all, not of the series.
  ASSERT_TRUE(AppendOne(storage, Named("b"), 2050, 1).ok());
  EXPECT_EQ(AppendOne(storage, Named("a"), 1949, 7).message(), "too old sample");
  EXPECT_TRUE(AppendOne(storage, Named("a"), 1951, 7).ok());
  const std::vector<Sample> samples = ReadAll(*storage.TakeSnapshot(), "a");
  ASSERT_EQ(samples.size(), 1002u);
  for (size_t i = 1; i < samples.size(); ++i) {
    ASSERT_LT(samples[i - 1].timestamp_ms, samples[i].timestamp_ms);
  }
  EXPECT_EQ(storage.Stats().late, 2);
  EXPECT_EQ(storage.Stats().samples, 1003);
}

TEST(MemoryStorage, LateSamplesOfOneAppender) {
  MemoryStorageOptions options;
  options.out_of_order_window = absl::Milliseconds(100);
  MemoryStorage storage(options);
  auto appender = storage.NewAppender();
  for (const int t : {50, 90, 60, 70, 60, 95}) {
    EXPECT_TRUE(appender->Append(Named("a"), t, t).ok()) << t;
  }
  EXPECT_FALSE(appender->Append(Named("a"), 70, 1).ok());
  ASSERT_TRUE(appender->Commit().ok());
  std::vector<int64_t> times;
  for (const Sample& sample : ReadAll(*storage.TakeSnapshot(), "a")) {
    times.push_back(sample.timestamp_ms);
  }
  EXPECT_EQ(times, (std::vector<int64_t>{50, 60, 70, 90, 95}));
}

TEST(MemoryStorage, AfterALateHistogramNothingIsKnownOfResets) {
  MemoryStorageOptions options;
  options.out_of_order_window = absl::Milliseconds(100);
  MemoryStorage storage(options);
  const auto append = [&storage](int64_t time_ms, double count) {
    auto histogram = std::make_shared<Histogram>();
    histogram->count = histogram->zero_count = count;
    auto appender = storage.NewAppender();
    ASSERT_TRUE(appender->AppendHistogram(Named("h"), time_ms, histogram).ok());
    ASSERT_TRUE(appender->Commit().ok());
  };
  for (const int t : {10, 30, 40}) append(t, t);
  append(20, 50);
  const auto found = storage.TakeSnapshot()->Select(ByName("h"), 0, 100);
  SampleBuffer buffer;
  const SampleView view = *found->at(0)->Read(0, 100, buffer);
  ASSERT_EQ(view.size, 4u);
  EXPECT_EQ(view.histograms[1]->count, 50);
  EXPECT_EQ(view.histograms[2]->reset_hint, CounterResetHint::kUnknown);
  EXPECT_EQ(view.histograms[3]->reset_hint, CounterResetHint::kNotReset);
}

TEST(MemoryStorage, DroppedSeriesMakeRoom) {
  MemoryStorageOptions options;
  options.max_series = 2;
  MemoryStorage storage(options);
  ASSERT_TRUE(AppendOne(storage, Named("a"), 1, 1).ok());
  ASSERT_TRUE(AppendOne(storage, Named("b"), 1000, 1).ok());
  EXPECT_FALSE(AppendOne(storage, Named("c"), 1000, 1).ok());
  EXPECT_EQ(storage.DropBefore(900), (std::vector<uint32_t>{0}));
  EXPECT_TRUE(ReadAll(*storage.TakeSnapshot(), "a").empty());
  EXPECT_EQ(storage.Stats().series, 1u);
  EXPECT_EQ(storage.Stats().samples, 1);
  EXPECT_TRUE(AppendOne(storage, Named("c"), 1000, 1).ok());
}

TEST(MemoryStorage, SeriesThatEndedAreForgottenByTheCommitsOfOthers) {
  MemoryStorageOptions options;
  options.retention = absl::Milliseconds(160);
  options.max_series = 2;
  MemoryStorage storage(options);
  ASSERT_TRUE(AppendOne(storage, Named("a"), 1, 1).ok());
  ASSERT_TRUE(AppendOne(storage, Named("b"), 150, 1).ok());
  EXPECT_FALSE(AppendOne(storage, Named("c"), 150, 1).ok());
  ASSERT_TRUE(AppendOne(storage, Named("b"), 161, 1).ok());
  EXPECT_EQ(storage.Stats().series, 2u);  // "a" is just within
  ASSERT_TRUE(AppendOne(storage, Named("b"), 200, 1).ok());
  EXPECT_EQ(storage.Stats().series, 1u);
  EXPECT_EQ(storage.Stats().samples, 3);
  EXPECT_TRUE(ReadAll(*storage.TakeSnapshot(), "a").empty());
  ASSERT_TRUE(AppendOne(storage, Named("c"), 201, 1).ok());
  ASSERT_TRUE(AppendOne(storage, Named("b"), 400, 1).ok());
  ASSERT_TRUE(AppendOne(storage, Named("a"), 401, 1).ok());  // it comes back
  EXPECT_EQ(ReadAll(*storage.TakeSnapshot(), "a").size(), 1u);
  EXPECT_EQ(storage.Stats().series, 2u);
}

TEST(MemoryStorage, ALateSampleOfASeriesThatIsForgottenMeanwhile) {
  MemoryStorageOptions options;
  options.out_of_order_window = absl::Milliseconds(100);
  MemoryStorage storage(options);
  ASSERT_TRUE(AppendOne(storage, Named("a"), 50, 50).ok());
  auto late = storage.NewAppender();
  for (const int t : {40, 30}) ASSERT_TRUE(late->Append(Named("a"), t, t).ok());
  storage.DropBefore(60);
  ASSERT_TRUE(late->Commit().ok());
  EXPECT_EQ(ReadAll(*storage.TakeSnapshot(), "a").size(), 2u);
  EXPECT_EQ(storage.Stats().series, 1u);
  EXPECT_EQ(storage.Stats().samples, 2);
  ASSERT_TRUE(AppendOne(storage, Named("a"), 60, 60).ok());
  EXPECT_EQ(ReadAll(*storage.TakeSnapshot(), "a").size(), 3u);
}

TEST(MemoryStorage, SeriesThatComeBackCountAgain) {
  MemoryStorageOptions options;
  options.max_series = 1;
  MemoryStorage storage(options);
  ASSERT_TRUE(AppendOne(storage, Named("a"), 1, 1).ok());
  storage.DropBefore(10);
  ASSERT_TRUE(AppendOne(storage, Named("b"), 20, 1).ok());
  EXPECT_EQ(AppendOne(storage, Named("a"), 20, 1).code(), absl::StatusCode::kResourceExhausted);
  storage.DropBefore(30);
  EXPECT_TRUE(AppendOne(storage, Named("a"), 40, 1).ok());
}

TEST(MemoryStorage, WhoIsSlowerComesLate) {
  MemoryStorageOptions options;
  options.out_of_order_window = absl::Milliseconds(100);
  MemoryStorage storage(options);
  auto slower = storage.NewAppender();
  for (const int t : {10, 20, 30}) ASSERT_TRUE(slower->Append(Named("a"), t, t).ok());
  for (const int t : {15, 25}) ASSERT_TRUE(AppendOne(storage, Named("a"), t, -t).ok());
  ASSERT_TRUE(AppendOne(storage, Named("a"), 27, 27).ok());
  auto conflicting = storage.NewAppender();
  ASSERT_TRUE(conflicting->Append(Named("a"), 28, 1).ok());
  ASSERT_TRUE(AppendOne(storage, Named("a"), 28, 28).ok());
  EXPECT_EQ(conflicting->Commit().code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(slower->Commit().ok());
  std::vector<double> values;
  for (const Sample& sample : ReadAll(*storage.TakeSnapshot(), "a")) values.push_back(sample.value);
  EXPECT_EQ(values, (std::vector<double>{10, -15, 20, -25, 27, 28, 30}));
}

TEST(MemoryStorage, ManyLateSamplesTakeNoLonger) {
  MemoryStorageOptions options;
  options.out_of_order_window = absl::Hours(100);
  MemoryStorage storage(options);
  auto appender = storage.NewAppender();
  constexpr int kSamples = 200'000;
  for (int t = kSamples; t > 0; --t) ASSERT_TRUE(appender->Append(Named("a"), t, t).ok());
  ASSERT_TRUE(appender->Commit().ok());
  EXPECT_EQ(ReadAll(*storage.TakeSnapshot(), "a").size(), static_cast<size_t>(kSamples));
}

TEST(MemoryStorage, ReadsWhileAnotherThreadAppends) {
  MemoryStorage storage;
  ASSERT_TRUE(AppendOne(storage, Named("a"), 0, 0).ok());
  std::thread writer([&storage] {
    for (int i = 1; i < 5000; ++i) EXPECT_TRUE(AppendOne(storage, Named("a"), i, i).ok());
  });
  for (int round = 0; round < 200; ++round) {
    const std::vector<Sample> samples = ReadAll(*storage.TakeSnapshot(), "a");
    ASSERT_EQ(samples.back().timestamp_ms, static_cast<int64_t>(samples.size()) - 1);
    ASSERT_EQ(samples.back().value, samples.size() - 1);
  }
  writer.join();
}

}  // namespace
}  // namespace sloburn
