// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <thread>

#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/storage/memory_storage.h"
#include "tests/engine/remote/fake_prometheus.h"
#include "tests/engine/remote/pull_all.h"

namespace sloburn::remote {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Le;

constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kNow = 1'700'000'000'000;
constexpr int64_t kStep = 15'000;

Labels Series(std::string name, std::string job = "a") {
  return Labels::FromPairs({{"__name__", std::move(name)}, {"job", std::move(job)}});
}

Matchers Named(std::string_view name) {
  return {Matcher::Plain(parser::MatchType::kEqual, "__name__", name)};
}

SyncSelector Selector(std::string_view name, int64_t oldest_ms) {
  return {Named(name), oldest_ms, 0, std::string(name)};
}

// A source with one series `m` every 15 s for two hours, and its store.
class SyncTest : public testing::Test {
 protected:
  SyncTest() {
    for (const char* name : {"m", "n"}) {
      source.Know(StrCat("{__name__=\"", std::string_view(name), "\"}"), Named(name));
    }
    for (int64_t t = kNow - 2 * kHour; t <= kNow; t += kStep) Scrape("m", t);
  }

  void Scrape(std::string name, int64_t t) {
    source.Add(Series(std::move(name)), t, static_cast<double>(t) / 7);
  }

  std::unique_ptr<Sync> Make(SyncOptions options = {}) {
    options.source.url = source.server().url();
    auto sync = Sync::Create(std::move(options), &storage);
    EXPECT_TRUE(sync.ok()) << sync.status();
    return *std::move(sync);
  }

  std::vector<Sample> Stored(const Labels& labels) {
    std::vector<Sample> samples;
    const auto snapshot = storage.TakeSnapshot();
    const auto found = snapshot->Select(Named(labels.Get("__name__")), 0, 2 * kNow);
    EXPECT_TRUE(found.ok()) << found.status();
    for (const auto& series : *found) {
      if (!(series->labels() == labels)) continue;
      SampleBuffer buffer;
      const auto view = series->Read(0, 2 * kNow, buffer);
      EXPECT_TRUE(view.ok()) << view.status();
      for (size_t i = 0; i < view->size; ++i) {
        samples.push_back({view->timestamps[i], view->values[i]});
      }
    }
    return samples;
  }

  // All of `m` in (from, to], each sample once.
  void ExpectStored(const std::string& name, int64_t from, int64_t to) {
    const std::vector<Sample> samples = Stored(Series(name));
    std::vector<int64_t> want;
    for (int64_t t = kNow - 2 * kHour; t <= to; t += kStep) {
      if (t > from) want.push_back(t);
    }
    ASSERT_EQ(samples.size(), want.size());
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_EQ(samples[i].timestamp_ms, want[i]);
      ASSERT_EQ(samples[i].value, static_cast<double>(want[i]) / 7);
    }
  }

  FakePrometheus source;
  MemoryStorage storage;
};

TEST_F(SyncTest, LoadsHistoryInSlicesWithProgress) {
  const auto sync = Make({.first_slice = absl::Minutes(10), .max_slice = absl::Minutes(10)});
  sync->SetSelectors({Selector("m", kHour)});
  EXPECT_FALSE(sync->Covers(Named("m"), kNow - kHour, kNow));
  std::vector<double> fractions;
  int64_t samples = 0;
  ASSERT_TRUE(sync->LoadHistory(kNow,
                                [&](const SyncProgress& progress) {
                                  EXPECT_EQ(progress.selector, "m");
                                  EXPECT_EQ(progress.selectors, 1u);
                                  fractions.push_back(progress.fraction);
                                  samples = progress.samples;
                                })
                  .ok());
  ASSERT_EQ(fractions.size(), 6u);
  EXPECT_NEAR(fractions[0], 1.0 / 6, 1e-9);
  EXPECT_EQ(fractions[5], 1.0);
  EXPECT_EQ(samples, 240);
  ExpectStored("m", kNow - kHour, kNow);
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - kHour, kNow));
  EXPECT_FALSE(sync->Covers(Named("m"), kNow - kHour - 1, kNow));
  EXPECT_FALSE(sync->Covers(Named("m"), kNow - kHour, kNow + 1));
  EXPECT_FALSE(sync->Covers(Named("other"), kNow, kNow));
  EXPECT_EQ(sync->Stats().mode, SyncMode::kRemoteRead);
  EXPECT_EQ(sync->Stats().samples_appended, 240);
  EXPECT_EQ(sync->Stats().selectors_loaded, 1u);
}

TEST_F(SyncTest, PullsOnlyWhatIsNewAndLateScrapes) {
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(PullAll(*sync, kNow).ok());  // nothing is loaded yet
  EXPECT_THAT(source.server().requests(), IsEmpty());
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  int64_t last = kNow;
  for (int64_t tick = kNow + kMinute; tick <= kNow + 10 * kMinute; tick += kMinute) {
    for (; last + kStep <= tick; last += kStep) Scrape("m", last + kStep);
    source.hide_newer_than_ms = tick - 20'000;  // the newest scrapes come late
    ASSERT_TRUE(PullAll(*sync, tick).ok());
    EXPECT_TRUE(sync->Covers(Named("m"), tick - kHour, tick));
  }
  source.hide_newer_than_ms = kNow + kHour;
  ASSERT_TRUE(PullAll(*sync, last + 1000).ok());
  ExpectStored("m", kNow - kHour, last);
  const SyncStats stats = sync->Stats();
  EXPECT_EQ(stats.samples_appended, 240 + 40);
  // Each pull looked back for the overlap only.
  EXPECT_THAT(stats.samples_known, AllOf(Ge(20), Le(11 * 8)));
  EXPECT_EQ(stats.samples_refused, 0);
  EXPECT_EQ(stats.covered_to_ms, last + 1000);
}

TEST_F(SyncTest, OverlappingSelectorsOfDifferentWindows) {
  for (int64_t t = kNow - 2 * kHour; t <= kNow; t += kStep) Scrape("n", t);
  Matchers by_job = {Matcher::Plain(parser::MatchType::kEqual, "job", "a")};
  const auto sync = Make(
      {.first_slice = absl::Minutes(7), .max_slice = absl::Minutes(7), .selectors_per_request = 1});
  sync->SetSelectors({Selector("m", 5 * kMinute),
                      Selector("n", kHour),
                      {by_job, 2 * kHour - 1, 0, "by_job"},
                      Selector("m", 10 * kMinute)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  ExpectStored("m", kNow - 2 * kHour, kNow);
  ExpectStored("n", kNow - 2 * kHour, kNow);
  EXPECT_EQ(sync->Stats().selectors, 3u);
  EXPECT_EQ(sync->Stats().samples_too_old, 0);
  EXPECT_FALSE(sync->NeedsFreshStorage());
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - 10 * kMinute, kNow));
  EXPECT_TRUE(sync->Covers(by_job, kNow - 2 * kHour + 1, kNow));
}

TEST_F(SyncTest, AFailedSliceIsLoadedAgain) {
  const auto sync = Make({.first_slice = absl::Minutes(10),
                          .max_slice = absl::Minutes(10),
                          .concurrency = 1});
  sync->SetSelectors({Selector("m", kHour)});
  absl::Status status = sync->LoadHistory(kNow, [&](const SyncProgress& progress) {
    if (progress.samples > 100) source.failures = 1;
  });
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("answered 503: not now"));
  EXPECT_FALSE(sync->Covers(Named("m"), kNow - kMinute, kNow));
  EXPECT_EQ(sync->Stats().last_error, status);
  const int64_t requests = sync->Stats().requests;
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().requests - requests, 3);  // it went on where it had stopped
  EXPECT_TRUE(sync->Stats().last_error.ok());
  ExpectStored("m", kNow - kHour, kNow);
}

TEST_F(SyncTest, AnOutageLeavesCoverageAndIsCaughtUp) {
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  for (int64_t t = kNow + kStep; t <= kNow + 30 * kMinute; t += kStep) Scrape("m", t);
  source.failures = 1;
  EXPECT_TRUE(absl::IsUnavailable(PullAll(*sync, kNow + kMinute)));
  EXPECT_FALSE(sync->Covers(Named("m"), kNow, kNow + kMinute));
  EXPECT_EQ(sync->Stats().failures, 1);
  ASSERT_TRUE(PullAll(*sync, kNow + 30 * kMinute).ok());
  ExpectStored("m", kNow - kHour, kNow + 30 * kMinute);
}

TEST_F(SyncTest, ServersLimitsHalveTheSlice) {
  source.sample_limit = 50;
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  ExpectStored("m", kNow - kHour, kNow);
  source.sample_limit = 2;
  const auto small = Make();
  MemoryStorage other;
  small->SetSelectors({Selector("m", kHour)});
  EXPECT_TRUE(absl::IsResourceExhausted(small->LoadHistory(kNow)));
}

TEST_F(SyncTest, FallsBackToTheQueryApi) {
  source.has_remote_read = false;
  source.sample_limit = 100;
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().mode, SyncMode::kQueryApi);
  ExpectStored("m", kNow - kHour, kNow);
  for (int64_t t = kNow + kStep; t <= kNow + 2 * kMinute; t += kStep) Scrape("m", t);
  ASSERT_TRUE(PullAll(*sync, kNow + 2 * kMinute).ok());
  ExpectStored("m", kNow - kHour, kNow + 2 * kMinute);
}

TEST_F(SyncTest, FallsBackOnlyToWhatAnswers) {
  source.has_remote_read = false;
  source.sample_limit = 0;
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  EXPECT_FALSE(sync->LoadHistory(kNow).ok());
  source.has_remote_read = true;
  source.sample_limit = 1'000'000;
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().mode, SyncMode::kRemoteRead);
}

// Those who waited for a pull that failed do not wait for another one.
TEST_F(SyncTest, AFailureIsThatOfAllWhoWaitedForIt) {
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  const size_t requests = source.server().requests().size();
  source.delay = absl::Milliseconds(300);
  source.failures = 1;
  std::vector<std::thread> groups;
  std::atomic<int> failed{0};
  for (int i = 0; i < 8; ++i) {
    groups.emplace_back([&] { failed += PullAll(*sync, kNow + kMinute).ok() ? 0 : 1; });
  }
  for (std::thread& group : groups) group.join();
  EXPECT_EQ(failed, 8);
  EXPECT_EQ(source.server().requests().size(), requests + 1);
  source.delay = absl::ZeroDuration();
  absl::SleepFor(absl::Milliseconds(60));
  EXPECT_TRUE(PullAll(*sync, kNow + kMinute).ok());
}

TEST_F(SyncTest, AForcedModeDoesNotFallBack) {
  source.has_remote_read = false;
  const auto sync = Make({.mode = SyncMode::kRemoteRead});
  sync->SetSelectors({Selector("m", kHour)});
  EXPECT_TRUE(absl::IsUnimplemented(sync->LoadHistory(kNow)));
  const auto query = Make({.mode = SyncMode::kQueryApi});
  query->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(query->LoadHistory(kNow).ok());
  const auto requests = source.server().requests();
  ASSERT_GE(requests.size(), 2u);
  EXPECT_EQ(requests[0].target, "/api/v1/read");
  for (size_t i = 1; i < requests.size(); ++i) EXPECT_EQ(requests[i].target, "/api/v1/query");
}

TEST_F(SyncTest, RemoteReadKeepsStalenessMarkers) {
  source.Add(Series("m"), kNow + kStep, StaleMarker());
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow + kMinute).ok());
  EXPECT_EQ(std::bit_cast<uint64_t>(Stored(Series("m")).back().value), kStaleBits);
}

TEST_F(SyncTest, TheQueryApiDerivesStalenessMarkers) {
  source.Add(Series("m", "stays"), kNow, 1);
  const auto sync = Make({.mode = SyncMode::kQueryApi});
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  ASSERT_TRUE(PullAll(*sync, kNow + 10'000).ok());
  EXPECT_EQ(sync->Stats().staleness_markers, 0);
  source.Add(Series("m"), kNow + kStep, StaleMarker());
  ASSERT_TRUE(PullAll(*sync, kNow + kMinute).ok());
  EXPECT_EQ(sync->Stats().staleness_markers, 1);
  const std::vector<Sample> ended = Stored(Series("m"));
  EXPECT_TRUE(IsStale(ended.back().value));
  EXPECT_EQ(ended.back().timestamp_ms, kNow + kMinute);
  EXPECT_FALSE(IsStale(Stored(Series("m", "stays")).back().value));
  // It comes back, and ends again.
  Scrape("m", kNow + 2 * kMinute);
  ASSERT_TRUE(PullAll(*sync, kNow + 2 * kMinute).ok());
  EXPECT_FALSE(IsStale(Stored(Series("m")).back().value));
  source.Add(Series("m"), kNow + 2 * kMinute + kStep, StaleMarker());
  ASSERT_TRUE(PullAll(*sync, kNow + 3 * kMinute).ok());
  EXPECT_EQ(sync->Stats().staleness_markers, 2);
  // One that has only aged out gets none.
  ASSERT_TRUE(PullAll(*sync, kNow + 10 * kMinute).ok());
  EXPECT_EQ(sync->Stats().staleness_markers, 2);
}

TEST_F(SyncTest, LabelsAreStripped) {
  source.Add(Labels::FromPairs({{"__name__", "n"}, {"job", "a"}, {"replica", "1"}}), kNow, 5);
  const auto sync = Make({.strip_labels = {"replica"}});
  sync->SetSelectors({Selector("n", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(Stored(Series("n")).size(), 1u);
}

TEST_F(SyncTest, SeriesThatAreAlsoWrittenHereAreSkipped) {
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  auto appender = storage.NewAppender();
  ASSERT_TRUE(appender->Append(Series("m"), kNow + kMinute, 42).ok());
  ASSERT_TRUE(appender->Commit().ok());
  for (int64_t t = kNow + kStep; t <= kNow + 2 * kMinute; t += kStep) Scrape("m", t);
  ASSERT_TRUE(PullAll(*sync, kNow + 2 * kMinute).ok());
  EXPECT_EQ(sync->Stats().samples_refused, 4);
  EXPECT_EQ(Stored(Series("m")).size(), 240u + 1 + 4);
}

TEST_F(SyncTest, ReloadsKeepCoverage) {
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  sync->SetSelectors({Selector("m", 30 * kMinute), Selector("n", kHour)});
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - kHour, kNow));
  EXPECT_FALSE(sync->Covers(Named("n"), kNow - kMinute, kNow));
  EXPECT_FALSE(sync->NeedsFreshStorage());
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_TRUE(sync->Covers(Named("n"), kNow - kHour, kNow));
}

TEST_F(SyncTest, OlderSamplesOfLoadedSeriesNeedAFreshStorage) {
  const auto sync = Make();
  sync->SetSelectors({Selector("m", 30 * kMinute)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  Matchers by_job = {Matcher::Plain(parser::MatchType::kEqual, "job", "a")};
  sync->SetSelectors({Selector("m", 30 * kMinute), {by_job, kHour, 0, "by_job"}});
  EXPECT_FALSE(sync->NeedsFreshStorage());
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_TRUE(sync->NeedsFreshStorage());
  EXPECT_FALSE(sync->Covers(by_job, kNow - kHour, kNow));
  EXPECT_TRUE(sync->Covers(by_job, kNow - 30 * kMinute + kStep, kNow));
  EXPECT_EQ(sync->Stats().samples_too_old, 120);
  ExpectStored("m", kNow - 30 * kMinute, kNow);

  const auto wider = Make();
  MemoryStorage other;
  wider->SetSelectors({Selector("n", 30 * kMinute)});
  ASSERT_TRUE(wider->LoadHistory(kNow).ok());
  wider->SetSelectors({Selector("n", kHour)});
  EXPECT_TRUE(wider->NeedsFreshStorage());
}

TEST_F(SyncTest, AFullStoreIsAnError) {
  for (int i = 0; i < 20; ++i) source.Add(Series("m", StrCat("job-", i)), kNow, i);
  MemoryStorage small({.max_series = 5});
  SyncOptions options;
  options.source.url = source.server().url();
  const auto sync = *Sync::Create(options, &small);
  sync->SetSelectors({Selector("m", kHour)});
  const absl::Status status = sync->LoadHistory(kNow);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("the store: the limit of 5 series"));
  EXPECT_FALSE(sync->Covers(Named("m"), kNow, kNow));
}

TEST_F(SyncTest, HistoryAndPullsRunAtTheSameTime) {
  for (int64_t t = kNow - 2 * kHour; t <= kNow; t += kStep) Scrape("n", t);
  const auto sync = Make({.first_slice = absl::Minutes(1), .max_slice = absl::Minutes(1)});
  sync->SetSelectors({Selector("m", 10 * kMinute)});
  ASSERT_TRUE(sync->LoadHistory(kNow - 30 * kMinute).ok());
  sync->SetSelectors({Selector("m", 10 * kMinute), Selector("n", kHour)});
  std::thread loader([&] { EXPECT_TRUE(sync->LoadHistory(kNow).ok()); });
  for (int64_t t = kNow - 29 * kMinute; t <= kNow; t += kMinute) {
    EXPECT_TRUE(PullAll(*sync, t).ok());
  }
  loader.join();
  ExpectStored("m", kNow - 40 * kMinute, kNow);
  ExpectStored("n", kNow - kHour, kNow);
}

TEST_F(SyncTest, LateSamplesOfTheSourceArePutBetween) {
  MemoryStorage tolerant({.out_of_order_window = absl::Minutes(30)});
  for (const SyncMode mode : {SyncMode::kRemoteRead, SyncMode::kQueryApi}) {
    const std::string name = mode == SyncMode::kRemoteRead ? "m" : "n";
    SyncOptions options{.mode = mode};
    options.source.url = source.server().url();
    const auto sync = *Sync::Create(options, &tolerant);
    sync->SetSelectors({Selector(name, kHour)});
    Scrape(name, kNow);
    ASSERT_TRUE(sync->LoadHistory(kNow).ok());
    Scrape(name, kNow + kStep);
    ASSERT_TRUE(PullAll(*sync, kNow + kStep).ok());
    Scrape(name, kNow + 2000);
    Scrape(name, kNow - kMinute + 1000);
    ASSERT_TRUE(PullAll(*sync, kNow + kStep + 1).ok());
    Scrape(name, kNow + 3000);
    ASSERT_TRUE(PullAll(*sync, kNow + 2 * kStep).ok());
    std::vector<int64_t> times;
    const SeriesSet found = *tolerant.TakeSnapshot()->Select(Named(name), 0, 2 * kNow);
    ASSERT_EQ(found.size(), 1u);
    SampleBuffer buffer;
    const SampleView view = *found[0]->Read(kNow - kMinute + 1, 2 * kNow, buffer);
    EXPECT_THAT(std::vector<int64_t>(view.timestamps, view.timestamps + view.size),
                testing::IsSupersetOf({kNow - kMinute + 1000, kNow, kNow + 2000, kNow + 3000,
                                       kNow + kStep}));
    EXPECT_EQ(sync->Stats().samples_refused, 0);
    EXPECT_EQ(sync->Stats().samples_appended,
              static_cast<int64_t>(sync->Stats().samples_fetched - sync->Stats().samples_known));
  }
}

TEST_F(SyncTest, PullsThatWaitAreOneRequest) {
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  source.delay = absl::Milliseconds(200);
  const size_t before = source.server().requests().size();
  std::vector<std::thread> ticks;
  for (int i = 0; i < 20; ++i) {
    ticks.emplace_back([&, i] {
      EXPECT_TRUE(PullAll(*sync, kNow + i * 100).ok());
      EXPECT_TRUE(sync->Covers(Named("m"), kNow, kNow + i * 100));
    });
  }
  for (std::thread& tick : ticks) tick.join();
  EXPECT_LE(source.server().requests().size() - before, 4u);
}

TEST_F(SyncTest, WhatWasPulledOfTheFutureIsAskedAgain) {
  const auto sync = Make();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_FALSE(sync->ClockWasSetBack(kNow));
  ASSERT_TRUE(PullAll(*sync, kNow + kHour).ok());  // the clock is ahead
  for (int64_t t = kNow + kStep; t <= kNow + 5 * kMinute; t += kStep) Scrape("m", t);
  EXPECT_TRUE(sync->ClockWasSetBack(kNow + 5 * kMinute));
  EXPECT_FALSE(sync->Covers(Named("m"), kNow, kNow));
  ASSERT_TRUE(sync->LoadHistory(kNow + 5 * kMinute).ok());
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - 55 * kMinute, kNow + 5 * kMinute));
  ExpectStored("m", kNow - kHour, kNow + 5 * kMinute);
  // By less than the overlap: the next pull asks for it.
  ASSERT_TRUE(PullAll(*sync, kNow + 6 * kMinute).ok());
  Scrape("m", kNow + 5 * kMinute + kStep);
  EXPECT_FALSE(sync->ClockWasSetBack(kNow + 5 * kMinute + kStep));
  ASSERT_TRUE(PullAll(*sync, kNow + 5 * kMinute + kStep + 1000).ok());
  ExpectStored("m", kNow - kHour, kNow + 5 * kMinute + kStep);
}

TEST_F(SyncTest, CancelEndsALoad) {
  const auto sync = Make({.first_slice = absl::Minutes(1), .max_slice = absl::Minutes(1)});
  sync->SetSelectors({Selector("m", kHour)});
  EXPECT_TRUE(
      absl::IsCancelled(sync->LoadHistory(kNow, [&](const SyncProgress&) { sync->Cancel(); })));
  EXPECT_TRUE(absl::IsCancelled(sync->LoadHistory(kNow)));
}

TEST_F(SyncTest, OptionsAreChecked) {
  EXPECT_TRUE(absl::IsInvalidArgument(Sync::Create({}, &storage).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      Sync::Create({.source = {.url = "http://h"}, .min_slice = absl::ZeroDuration()}, &storage)
          .status()));
  EXPECT_EQ(ToText(SyncMode::kQueryApi), "query_api");
}

}  // namespace
}  // namespace sloburn::remote
