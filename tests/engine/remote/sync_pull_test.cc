// SPDX-License-Identifier: Apache-2.0
// Pulls of some of the selectors of a Sync.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/remote/sync.h"
#include "engine/storage/memory_storage.h"
#include "tests/engine/remote/fake_prometheus.h"

namespace sloburn::remote {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kNow = 1'700'000'000'000;
constexpr int64_t kStep = 15'000;

Matchers Named(std::string_view name) {
  return {Matcher::Plain(parser::MatchType::kEqual, "__name__", name)};
}

std::string Key(std::string_view name) { return SelectorText(Named(name)); }

Labels Series(std::string name) { return Labels::FromPairs({{"__name__", std::move(name)}}); }

// A source with a series per name, every 15 s, and a Sync that has loaded ten minutes of each.
class SyncPullTest : public testing::TestWithParam<SyncMode> {
 protected:
  SyncPullTest() {
    for (const char* const name : {"a", "b", "c", "d", "e", "f"}) {
      names_.push_back(name);
      source_.Know(Key(name), Named(name));
      for (int64_t t = kNow - kHour; t <= kNow; t += kStep) Scrape(name, t);
    }
  }

  void Scrape(std::string name, int64_t t) { source_.Add(Series(std::move(name)), t, 1); }

  void Load(SyncOptions options = {}) {
    options.source.url = source_.server().url();
    options.mode = GetParam();
    sync_ = *Sync::Create(std::move(options), &storage_);
    std::vector<SyncSelector> selectors;
    for (const std::string& name : names_) {
      selectors.push_back({Named(name), 10 * kMinute, 0, name});
    }
    sync_->SetSelectors(selectors);
    ASSERT_TRUE(sync_->LoadHistory(kNow).ok());
    asked_ = source_.server().requests().size();
  }

  bool Covers(std::string_view name, int64_t t) const {
    return sync_->Covers(Named(name), kNow - 10 * kMinute, t);
  }

  // Requests since the last call.
  size_t Asked() {
    const size_t all = source_.server().requests().size();
    return all - std::exchange(asked_, all);
  }

  // The times of the staleness markers of a series.
  std::vector<int64_t> MarkersOf(std::string_view name) {
    std::vector<int64_t> times;
    const SeriesSet found = *storage_.TakeSnapshot()->Select(Named(name), 0, 2 * kNow);
    for (const auto& series : found) {
      SampleBuffer buffer;
      const SampleView view = *series->Read(0, 2 * kNow, buffer);
      for (size_t i = 0; i < view.size; ++i) {
        if (IsStale(view.values[i])) times.push_back(view.timestamps[i]);
      }
    }
    return times;
  }

  bool is_query() const { return GetParam() == SyncMode::kQueryApi; }

  std::vector<std::string> names_;
  FakePrometheus source_;
  MemoryStorage storage_;
  std::unique_ptr<Sync> sync_;
  size_t asked_ = 0;
};

TEST_P(SyncPullTest, OnlyWhatIsAskedForIsPulled) {
  Load();
  ASSERT_TRUE(sync_->PullUpTo(kNow + kMinute, {Key("a"), Key("c")}).ok());
  EXPECT_EQ(Asked(), is_query() ? 4u : 1u);
  EXPECT_TRUE(Covers("a", kNow + kMinute));
  EXPECT_FALSE(Covers("b", kNow + kMinute));
  EXPECT_TRUE(Covers("c", kNow + kMinute));
  EXPECT_EQ(sync_->Stats().covered_to_ms, kNow);
  EXPECT_THAT(sync_->Behind(kNow), IsEmpty());
  EXPECT_THAT(sync_->Behind(kNow + kMinute),
              UnorderedElementsAre(Key("b"), Key("d"), Key("e"), Key("f")));
  // What is covered is not asked for again.
  ASSERT_TRUE(sync_->PullUpTo(kNow + kMinute, {Key("a"), Key("b")}).ok());
  EXPECT_EQ(Asked(), is_query() ? 2u : 1u);
  ASSERT_TRUE(sync_->PullUpTo(kNow + kMinute, {Key("a"), Key("b")}).ok());
  ASSERT_TRUE(sync_->PullUpTo(kNow + kMinute, {}).ok());
  EXPECT_EQ(Asked(), 0u);
}

TEST_P(SyncPullTest, WhatIsNotLoadedOrNotKnownIsLeftOut) {
  Load();
  sync_->SetSelectors({{Named("a"), kMinute, 0, "a"}, {Named("new"), kMinute, 0, "new"}});
  ASSERT_TRUE(sync_->PullUpTo(kNow + kMinute, {Key("new"), Key("b"), Key("nobody's")}).ok());
  EXPECT_EQ(Asked(), 0u);
  ASSERT_TRUE(sync_->PullUpTo(kNow + kMinute, {Key("new"), Key("a")}).ok());
  EXPECT_TRUE(Covers("a", kNow + kMinute));
}

TEST_P(SyncPullTest, WhoHasAllThatItReadsDoesNotWait) {
  Load();
  source_.delay = absl::Milliseconds(600);
  std::thread slow([&] { EXPECT_TRUE(sync_->PullUpTo(kNow + kMinute, {Key("b")}).ok()); });
  absl::SleepFor(absl::Milliseconds(100));
  const absl::Time before = absl::Now();
  EXPECT_TRUE(sync_->PullUpTo(kNow, {Key("a"), Key("b")}).ok());
  EXPECT_LT(absl::Now() - before, absl::Milliseconds(300));
  slow.join();
}

TEST_P(SyncPullTest, RequestsOfAPullRunSideBySide) {
  Load({.concurrency = 6, .selectors_per_request = 1});
  source_.delay = absl::Milliseconds(200);
  const absl::Time before = absl::Now();
  ASSERT_TRUE(sync_->PullUpTo(kNow + kMinute, sync_->Behind(kNow + kMinute)).ok());
  EXPECT_EQ(Asked(), is_query() ? 12u : 6u);
  EXPECT_LT(absl::Now() - before, absl::Milliseconds(1100));
  for (const std::string& name : names_) EXPECT_TRUE(Covers(name, kNow + kMinute));
}

// Those that wait are one pull, which asks once for what several want.
TEST_P(SyncPullTest, ThoseThatWaitAreAnsweredTogether) {
  Load();
  source_.delay = absl::Milliseconds(300);
  std::vector<std::thread> ticks;
  const auto tick = [&](int64_t t, std::vector<std::string> names) {
    ticks.emplace_back([=, this] {
      std::vector<std::string> selectors;
      for (const std::string& name : names) selectors.push_back(Key(name));
      EXPECT_TRUE(sync_->PullUpTo(t, selectors).ok());
      for (const std::string& name : names) EXPECT_TRUE(Covers(name, t));
    });
  };
  tick(kNow + kMinute, {"a"});
  absl::SleepFor(absl::Milliseconds(100));
  for (int i = 0; i < 4; ++i) tick(kNow + kMinute, {"b", "c"});
  tick(kNow + kMinute, {"c", "d"});
  for (std::thread& one : ticks) one.join();
  EXPECT_EQ(Asked(), is_query() ? 8u : 2u);
}

// The query API tells what has ended only as of the time that is asked for.
TEST_P(SyncPullTest, EachOfThoseThatWaitHasTheMarkersOfItsTime) {
  if (!is_query()) GTEST_SKIP() << "remote read brings the source's own markers";
  Load();
  source_.Add(Series("b"), kNow + 5000, StaleMarker());
  source_.Add(Series("c"), kNow + 25'000, StaleMarker());
  source_.delay = absl::Milliseconds(300);
  std::vector<std::thread> ticks;
  const auto tick = [&](int64_t t, std::vector<std::string> selectors) {
    ticks.emplace_back([=, this] { EXPECT_TRUE(sync_->PullUpTo(t, selectors).ok()); });
  };
  tick(kNow + kMinute, {Key("a")});
  absl::SleepFor(absl::Milliseconds(100));
  tick(kNow + 40'000, {Key("c"), Key("d")});
  tick(kNow + 20'000, {Key("b"), Key("c")});
  tick(kNow + 30'000, {Key("b"), Key("c")});
  for (std::thread& one : ticks) one.join();
  EXPECT_THAT(MarkersOf("b"), ElementsAre(kNow + 20'000));
  EXPECT_THAT(MarkersOf("c"), ElementsAre(kNow + 30'000));
  EXPECT_THAT(MarkersOf("d"), IsEmpty());
  EXPECT_EQ(sync_->Stats().staleness_markers, 2);
}

TEST_P(SyncPullTest, AFailureConcernsThoseThatReadTheSelector) {
  Load();
  source_.Forget(Key("b"));
  const absl::Status failed = sync_->PullUpTo(kNow + kMinute, {Key("b"), Key("a")});
  EXPECT_TRUE(absl::IsInvalidArgument(failed)) << failed;
  EXPECT_THAT(std::string(failed.message()), HasSubstr("unknown selector"));
  EXPECT_TRUE(Covers("a", kNow + kMinute));
  EXPECT_FALSE(Covers("b", kNow + kMinute));
  EXPECT_TRUE(sync_->PullUpTo(kNow + kMinute, {Key("a"), Key("c")}).ok());
  EXPECT_THAT(sync_->Failing(), UnorderedElementsAre(testing::Pair(Key("b"), failed)));
  EXPECT_EQ(sync_->Stats().last_error, failed);
  EXPECT_EQ(sync_->Stats().failures, 1);

  // Also of calls that are answered together.
  source_.delay = absl::Milliseconds(200);
  std::vector<std::thread> ticks;
  std::atomic<int> ok{0}, bad{0};
  for (const char* const name : {"a", "b", "c", "b", "d"}) {
    ticks.emplace_back([&, name] {
      ++(sync_->PullUpTo(kNow + 2 * kMinute, {Key(name)}).ok() ? ok : bad);
    });
  }
  for (std::thread& one : ticks) one.join();
  EXPECT_EQ(ok, 3);
  EXPECT_EQ(bad, 2);

  source_.Know(Key("b"), Named("b"));
  ASSERT_TRUE(sync_->PullUpTo(kNow + 2 * kMinute, {Key("b")}).ok());
  EXPECT_THAT(sync_->Failing(), IsEmpty());
  EXPECT_TRUE(sync_->Stats().last_error.ok());
}

// One whose selector is gone with a reload says nothing any more.
TEST_P(SyncPullTest, AFailureGoesWithItsSelector) {
  Load();
  source_.failures = 1;
  EXPECT_FALSE(sync_->PullUpTo(kNow + kMinute, {Key("b")}).ok());
  EXPECT_EQ(sync_->Failing().size(), 1u);
  sync_->SetSelectors({{Named("a"), kMinute, 0, "a"}});
  EXPECT_THAT(sync_->Failing(), IsEmpty());
  ASSERT_TRUE(sync_->PullUpTo(kNow + kMinute, {Key("a")}).ok());
  EXPECT_TRUE(sync_->Stats().last_error.ok());
}

TEST_P(SyncPullTest, ASourceThatCannotBeReachedFailsAllWhoWaited) {
  Load();
  source_.delay = absl::Milliseconds(300);
  source_.failures = 2;
  std::vector<std::thread> ticks;
  std::atomic<int> failed{0};
  const auto tick = [&](std::vector<std::string> selectors) {
    ticks.emplace_back([&, selectors] {
      failed += absl::IsUnavailable(sync_->PullUpTo(kNow + kMinute, selectors)) ? 1 : 0;
    });
  };
  tick({Key("a"), Key("b")});
  absl::SleepFor(absl::Milliseconds(100));
  for (const char* const name : {"b", "c", "d"}) tick({Key(name)});
  for (std::thread& one : ticks) one.join();
  EXPECT_EQ(failed, 4);
  EXPECT_LE(Asked(), 2u);
  EXPECT_EQ(sync_->Failing().size(), 4u);
  source_.failures = 0;
  source_.delay = absl::ZeroDuration();
  absl::SleepFor(absl::Milliseconds(60));
  EXPECT_TRUE(sync_->PullUpTo(kNow + kMinute, {Key("a"), Key("d")}).ok());
  EXPECT_EQ(sync_->Failing().size(), 2u);
}

// The source may take too long for one selector, and be fine with the others.
TEST_P(SyncPullTest, OneThatFailsAloneConcernsNobodyElse) {
  Load();
  for (int round = 1; round <= 2; ++round) {
    source_.delay = absl::Milliseconds(200);
    source_.failures = 1;
    absl::Status alone, too, other;
    std::thread first([&] { alone = sync_->PullUpTo(kNow + round * kMinute, {Key("a")}); });
    absl::SleepFor(absl::Milliseconds(100));
    std::thread second([&] { too = sync_->PullUpTo(kNow + round * kMinute, {Key("a")}); });
    absl::SleepFor(absl::Milliseconds(20));
    std::thread third([&] { other = sync_->PullUpTo(kNow + round * kMinute, {Key("b")}); });
    for (std::thread* const one : {&first, &second, &third}) one->join();
    EXPECT_FALSE(alone.ok());
    EXPECT_EQ(too, alone);  // it waited for the same
    EXPECT_TRUE(other.ok()) << other;
  }
}

// By remote read one request is for many selectors, and one of them may be refused.
TEST_P(SyncPullTest, OneThatIsRefusedStopsNobodyElse) {
  Load();
  source_.Forget(Key("b"));
  EXPECT_FALSE(sync_->PullUpTo(kNow + kMinute, {Key("a"), Key("b"), Key("c")}).ok());
  EXPECT_TRUE(Covers("a", kNow + kMinute));
  EXPECT_FALSE(Covers("b", kNow + kMinute));
  EXPECT_TRUE(Covers("c", kNow + kMinute));
}

// One that was not pulled for long comes in slices; the others with it are not asked for more.
TEST_P(SyncPullTest, OneThatIsFarBehindCatchesUp) {
  Load({.first_slice = absl::Minutes(10), .max_slice = absl::Minutes(10)});
  for (int64_t t = kNow + kStep; t <= kNow + kHour; t += kStep) {
    Scrape("a", t);
    Scrape("b", t);
  }
  ASSERT_TRUE(sync_->PullUpTo(kNow + kHour - kMinute, {Key("a")}).ok());
  Asked();
  const int64_t before = sync_->Stats().samples_fetched;
  ASSERT_TRUE(sync_->PullUpTo(kNow + kHour, {Key("a"), Key("b")}).ok());
  EXPECT_EQ(Asked(), is_query() ? 6 * 2u + 2u : 6u);
  EXPECT_EQ(sync_->Stats().samples_fetched - before, (240 + 6 * 6) + 4 + 6);
  EXPECT_TRUE(Covers("a", kNow + kHour));
  EXPECT_TRUE(Covers("b", kNow + kHour));
}

INSTANTIATE_TEST_SUITE_P(Modes, SyncPullTest,
                         testing::Values(SyncMode::kRemoteRead, SyncMode::kQueryApi),
                         [](const auto& info) {
                           return info.param == SyncMode::kQueryApi ? "QueryApi" : "RemoteRead";
                         });

}  // namespace
}  // namespace sloburn::remote
