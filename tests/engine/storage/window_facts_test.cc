// SPDX-License-Identifier: Apache-2.0
// What the store tells of windows is what looking at all their samples tells.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <utility>

#include "base/same_bits.h"
#include "engine/model/stale.h"
#include "engine/storage/memory_storage.h"

namespace sloburn {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

enum class Kind { kCounter, kSawtooth, kGauge, kConstant, kSpecial };

// Makes samples of a kind, and keeps what it has made.
class Source {
 public:
  Source(Kind kind, unsigned seed) : kind_(kind), random_(seed) {}

  // The next sample; sometimes one that comes late.
  Sample Next() {
    if (late_.has_value() && Chance(0.2)) {
      const Sample late = *std::exchange(late_, std::nullopt);
      made_[late.timestamp_ms] = late.value;
      return late;
    }
    Sample sample = Make();
    if (!late_.has_value() && Chance(0.01)) {
      late_ = sample;
      sample = Make();
    }
    made_[sample.timestamp_ms] = sample.value;
    return sample;
  }

  const std::map<int64_t, double>& made() const { return made_; }

 private:
  bool Chance(double p) { return std::uniform_real_distribution<>(0, 1)(random_) < p; }

  Sample Make() {
    time_ms_ += Chance(0.01) ? 1000 + static_cast<int64_t>(random_() % 60'000) : 1000;
    return {time_ms_, Chance(0.003) ? StaleMarker() : Value()};
  }

  double Value() {
    switch (kind_) {
      case Kind::kCounter:
        value_ = Chance(0.002) ? static_cast<double>(random_() % 5)
                               : value_ + static_cast<double>(random_() % 50) / 8;
        return value_;
      case Kind::kSawtooth: return value_ = value_ > 10 ? 0 : value_ + 1;
      case Kind::kGauge: return 1e9 + std::normal_distribution<>(0, 3)(random_);
      case Kind::kConstant: return 0.1;
      case Kind::kSpecial: break;
    }
    constexpr double kValues[] = {0, -0.0, 1, -1, kInf, -kInf};
    return Chance(0.3) ? NormalNan() : kValues[random_() % 6];
  }

  const Kind kind_;
  std::mt19937 random_;
  int64_t time_ms_ = 1'000'000;
  double value_ = 0;
  std::optional<Sample> late_;
  std::map<int64_t, double> made_;
};

// By looking at all samples, as the functions of PromQL do.
WindowFacts Look(const std::map<int64_t, double>& samples, int64_t start_ms, int64_t end_ms) {
  WindowFacts facts;
  long double sum = 0;
  std::vector<double> values;
  for (auto it = samples.upper_bound(start_ms); it != samples.end() && it->first <= end_ms; ++it) {
    const auto [time, value] = *it;
    if (IsStale(value)) continue;
    if (facts.count++ == 0) {
      facts.first = facts.last = {time, value};
      facts.min = facts.max = value;
      facts.min_ms = facts.max_ms = time;
    } else {
      facts.resets += value < facts.last.value;
      facts.changes += value != facts.last.value &&
                       !(std::isnan(value) && std::isnan(facts.last.value));
      if (value <= facts.min || std::isnan(facts.min)) facts.min_ms = time;
      if (value < facts.min || std::isnan(facts.min)) facts.min = value;
      if (value >= facts.max || std::isnan(facts.max)) facts.max_ms = time;
      if (value > facts.max || std::isnan(facts.max)) facts.max = value;
    }
    facts.last = {time, value};
    values.push_back(value);
    sum += value;
  }
  if (values.empty()) return facts;
  facts.increase = facts.last.value - facts.first.value;
  for (size_t i = 1; i < values.size(); ++i) {
    if (values[i] < values[i - 1]) facts.increase += values[i - 1];
  }
  facts.sum.sum = static_cast<double>(sum);
  const long double mean = sum / values.size();
  long double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  facts.squares = static_cast<double>(squares);
  return facts;
}

class WindowFactsTest : public testing::TestWithParam<Kind> {
 protected:
  WindowFactsTest() : storage_(Options()), source_(GetParam(), 7) {}

  static MemoryStorageOptions Options() {
    MemoryStorageOptions options;
    options.out_of_order_window = absl::Minutes(5);
    return options;
  }

  void Append(size_t samples) {
    const Labels labels = Labels::FromPairs({{"__name__", "m"}});
    auto appender = storage_.NewAppender();
    for (size_t i = 0; i < samples; ++i) {
      const Sample sample = source_.Next();
      ASSERT_TRUE(appender->Append(labels, sample.timestamp_ms, sample.value).ok());
    }
    ASSERT_TRUE(appender->Commit().ok());
  }

  std::unique_ptr<SeriesReader> Reader() {
    auto found = storage_.TakeSnapshot()->Select({}, 0, std::numeric_limits<int64_t>::max());
    EXPECT_TRUE(found.ok());
    return std::move(found->at(0));
  }

  MemoryStorage storage_;
  Source source_;
};

constexpr uint32_t kExactFacts = kFactResets | kFactChanges | kFactExtremes;

TEST_P(WindowFactsTest, AreThoseOfTheSamples) {
  std::mt19937 random(11);
  for (int round = 0; round < 40; ++round) {
    Append(1 + random() % 700);
    const auto& made = source_.made();
    const std::unique_ptr<SeriesReader> reader = Reader();
    const int64_t oldest = made.begin()->first, newest = made.rbegin()->first;
    const uint32_t increase = GetParam() == Kind::kCounter ? uint32_t{kFactCounterIncrease} : 0;
    const auto facts_reader = reader->Facts({kExactFacts | increase, newest, 0, newest, 1});
    if (made.size() < 4000 && facts_reader == nullptr) continue;
    ASSERT_NE(facts_reader, nullptr);
    int64_t start = oldest - 5000;
    for (int window = 0; window < 50; ++window) {
      start += static_cast<int64_t>(random() % (newest - oldest)) / 40;
      const int64_t end = start + static_cast<int64_t>(random() % (newest - oldest));
      WindowFacts told;
      const auto status = facts_reader->Facts(start, end, told);
      ASSERT_TRUE(status.ok() && *status);
      const WindowFacts seen = Look(made, start, end);
      ASSERT_EQ(told.count, seen.count) << start << " " << end;
      if (seen.count == 0) continue;
      EXPECT_EQ(told.first.timestamp_ms, seen.first.timestamp_ms);
      EXPECT_EQ(told.last.timestamp_ms, seen.last.timestamp_ms);
      EXPECT_TRUE(SameBits(told.first.value, seen.first.value));
      EXPECT_TRUE(SameBits(told.last.value, seen.last.value));
      EXPECT_EQ(told.resets, seen.resets);
      EXPECT_EQ(told.changes, seen.changes);
      EXPECT_TRUE(SameBits(told.min, seen.min)) << told.min << " " << seen.min;
      EXPECT_TRUE(SameBits(told.max, seen.max)) << told.max << " " << seen.max;
      EXPECT_EQ(told.min_ms, seen.min_ms);
      EXPECT_EQ(told.max_ms, seen.max_ms);
      EXPECT_TRUE(increase == 0 || SameBits(told.increase, seen.increase));
    }
  }
}

TEST_P(WindowFactsTest, SumsAreAsAccurateAsCanBe) {
  std::mt19937 random(12);
  Append(9000);
  const auto& made = source_.made();
  const std::unique_ptr<SeriesReader> reader = Reader();
  const int64_t oldest = made.begin()->first, newest = made.rbegin()->first;
  const auto facts_reader = reader->Facts({kFactSum | kFactVariance, newest, 0, newest, 1});
  // Values that are not finite are to be looked at.
  ASSERT_EQ(facts_reader == nullptr, GetParam() == Kind::kSpecial);
  if (facts_reader == nullptr) return;
  for (int window = 0; window < 200; ++window) {
    const int64_t start = oldest + static_cast<int64_t>(random() % (newest - oldest));
    const int64_t end = start + static_cast<int64_t>(random() % (newest - oldest));
    WindowFacts told;
    const auto status = facts_reader->Facts(start, end, told);
    ASSERT_TRUE(status.ok() && *status);
    const WindowFacts seen = Look(made, start, end);
    ASSERT_EQ(told.count, seen.count);
    if (seen.count == 0) continue;
    EXPECT_NEAR(told.sum.sum + told.sum.c, seen.sum.sum, std::fabs(seen.sum.sum) * 1e-15);
    EXPECT_NEAR(told.squares, seen.squares, seen.squares * 1e-9 + 1e-12);
  }
}

TEST_P(WindowFactsTest, ReadGivesAllSamples) {
  for (int round = 0; round < 12; ++round) {
    Append(600);
    const std::unique_ptr<SeriesReader> reader = Reader();
    const auto& made = source_.made();
    SampleBuffer buffer;
    const int64_t from = std::next(made.begin(), static_cast<int64_t>(made.size() / 3))->first;
    const int64_t to = std::prev(made.end(), 20)->first;
    const auto view = reader->Read(from, to, buffer);
    ASSERT_TRUE(view.ok());
    auto expected = made.lower_bound(from);
    for (size_t i = 0; i < view->size; ++i, ++expected) {
      ASSERT_EQ(view->timestamps[i], expected->first);
      ASSERT_TRUE(SameBits(view->values[i], expected->second));
    }
    EXPECT_EQ(expected->first, std::next(made.find(to))->first);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, WindowFactsTest,
                         testing::Values(Kind::kCounter, Kind::kSawtooth, Kind::kGauge,
                                         Kind::kConstant, Kind::kSpecial));

}  // namespace
}  // namespace sloburn
