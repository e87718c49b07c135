// SPDX-License-Identifier: Apache-2.0
// Loads that are ended in their midst and go on in another process, and parallel ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "absl/time/clock.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/remote/sync.h"
#include "engine/storage/durable/durable_storage.h"
#include "engine/storage/memory_storage.h"
#include "tests/engine/remote/fake_prometheus.h"
#include "tests/engine/remote/pull_all.h"

namespace sloburn::remote {
namespace {

constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kNow = 1'700'000'000'000;
constexpr int64_t kStep = 15'000;
constexpr int64_t kSamplesPerHour = kHour / kStep;
constexpr int64_t kOverlap = 90'000 / kStep;  // samples that are asked for again

Labels Series(std::string name, std::string job = "a") {
  return Labels::FromPairs({{"__name__", std::move(name)}, {"job", std::move(job)}});
}

Matchers Named(std::string_view name) {
  return {Matcher::Plain(parser::MatchType::kEqual, "__name__", name)};
}

Matchers OfJob(std::string_view job) {
  return {Matcher::Plain(parser::MatchType::kEqual, "job", job)};
}

SyncSelector Selector(std::string_view name, int64_t oldest_ms) {
  return {Named(name), oldest_ms, 0, std::string(name)};
}

SyncOptions Slices(absl::Duration slice) {
  SyncOptions options;
  options.first_slice = options.max_slice = slice;
  return options;
}

// Writes of coverage fail from some point on: as if the process ended between samples and coverage.
class BrokenCoverage : public CoverageStore {
 public:
  explicit BrokenCoverage(CoverageStore* store, int writes) : store_(store), writes_(writes) {}
  absl::StatusOr<std::vector<CoveredTime>> OpenCoverage(std::string_view source) override {
    return store_->OpenCoverage(source);
  }
  absl::Status WriteCoverage(const std::vector<CoveredTime>& times) override {
    return writes_-- > 0 ? store_->WriteCoverage(times) : absl::InternalError("cut");
  }

 private:
  CoverageStore* const store_;
  int writes_;
};

class SyncResumeTest : public testing::Test {
 protected:
  SyncResumeTest() {
    folder_ = std::filesystem::temp_directory_path() /
              StrCat("sloburn-sync-", getpid(), "-",
                     std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    for (const char* name : {"m", "n"}) {
      source.Know(StrCat("{__name__=\"", std::string_view(name), "\"}"), Named(name));
    }
    Scrape("m", kNow - 4 * kHour, kNow);
  }
  ~SyncResumeTest() override {
    sync.reset();
    durable.reset();
    std::filesystem::remove_all(folder_);
  }

  // Samples of (from, to].
  void Scrape(const std::string& name, int64_t from, int64_t to, const std::string& job = "a") {
    for (int64_t t = from + kStep; t <= to; t += kStep) {
      source.Add(Series(name, job), t, static_cast<double>(t) / 7);
    }
  }

  void Open(SyncOptions options = Slices(absl::Minutes(10)), MemoryStorageOptions memory = {}) {
    storage = std::make_unique<MemoryStorage>(memory);
    auto opened = DurableStorage::Open(Path(), {}, *storage);
    ASSERT_TRUE(opened.ok()) << opened.status();
    durable = *std::move(opened);
    MakeSync(std::move(options));
  }

  void MakeSync(SyncOptions options) {
    options.source.url = source.server().url();
    if (options.coverage == nullptr) options.coverage = durable.get();
    auto made = Sync::Create(std::move(options), storage.get());
    ASSERT_TRUE(made.ok()) << made.status();
    sync = *std::move(made);
  }

  // What a killed process leaves: the files as they are, nothing closed. All before is forgotten.
  void Kill() {
    const auto copy = folder_ / StrCat("killed-", ++kills_);
    std::filesystem::create_directories(copy);
    for (const char* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(StrCat(Path(), suffix),
                                 StrCat((copy / "sloburn.db").string(), suffix));
    }
    sync.reset();
    durable.reset();
    storage.reset();
    folder_of_database_ = copy;
  }

  void Close() {
    sync.reset();
    ASSERT_TRUE(durable->Close().ok());
    durable.reset();
    storage.reset();
  }

  std::string Path() const {
    return ((folder_of_database_.empty() ? folder_ : folder_of_database_) / "sloburn.db").string();
  }

  // Loads until `slices` are committed.
  void LoadPart(int64_t now_ms, int slices) {
    const absl::Status status =
        sync->LoadHistory(now_ms, [&, seen = 0](const SyncProgress&) mutable {
          if (++seen == slices) sync->Cancel();
        });
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
  }

  std::vector<Sample> Stored(const Labels& labels) {
    std::vector<Sample> samples;
    const auto snapshot = storage->TakeSnapshot();
    const auto found = snapshot->Select(Named(labels.Get("__name__")), 0, 2 * kNow);
    for (const auto& series : *found) {
      if (!(series->labels() == labels)) continue;
      SampleBuffer buffer;
      const auto view = series->Read(0, 2 * kNow, buffer);
      for (size_t i = 0; i < view->size; ++i) {
        samples.push_back({view->timestamps[i], view->values[i]});
      }
    }
    return samples;
  }

  void ExpectStored(const std::string& name, int64_t from, int64_t to) {
    const std::vector<Sample> samples = Stored(Series(name));
    ASSERT_EQ(std::ssize(samples), (to - from) / kStep);
    for (size_t i = 0; i < samples.size(); ++i) {
      ASSERT_EQ(samples[i].timestamp_ms, from + kStep * static_cast<int64_t>(i + 1));
      ASSERT_EQ(samples[i].value, static_cast<double>(samples[i].timestamp_ms) / 7);
    }
  }

  std::filesystem::path folder_, folder_of_database_;
  int kills_ = 0;
  FakePrometheus source;
  std::unique_ptr<MemoryStorage> storage;
  std::unique_ptr<DurableStorage> durable;
  std::unique_ptr<Sync> sync;
};

TEST_F(SyncResumeTest, AKilledLoadGoesOnWhereItEnded) {
  int64_t fetched = 0;
  SyncOptions options = Slices(absl::Minutes(10));
  options.concurrency = 1;
  options.overlap = absl::ZeroDuration();
  for (int round = 0; round < 5; ++round) {
    Open(options);
    sync->SetSelectors({Selector("m", 4 * kHour)});
    LoadPart(kNow, 3);
    fetched += sync->Stats().samples_fetched;
    EXPECT_EQ(sync->Stats().selectors_resumed, round == 0 ? 0u : 1u);
    EXPECT_NEAR(sync->FractionCovered(Named("m"), kNow - 4 * kHour, kNow), (round + 1) / 8.0, 1e-9);
    EXPECT_FALSE(sync->Covers(Named("m"), kNow - 4 * kHour, kNow - 4 * kHour + 1));  // not yet
    Kill();
  }
  Open(options);
  sync->SetSelectors({Selector("m", 4 * kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  fetched += sync->Stats().samples_fetched;
  EXPECT_EQ(fetched, 4 * kSamplesPerHour);
  ExpectStored("m", kNow - 4 * kHour, kNow);
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - 4 * kHour, kNow));
  EXPECT_FALSE(sync->NeedsFreshStorage());
}

TEST_F(SyncResumeTest, TheGapSinceIsFilled) {
  for (const bool is_clean : {true, false}) {
    SCOPED_TRACE(is_clean);
    const int64_t now = is_clean ? kNow : kNow + kHour;
    if (is_clean) Open();
    sync->SetSelectors({Selector("m", 2 * kHour)});
    ASSERT_TRUE(sync->LoadHistory(now).ok());
    if (is_clean) Close(); else Kill();
    Scrape("m", now, now + kHour);
    Open();
    sync->SetSelectors({Selector("m", 2 * kHour)});
    EXPECT_FALSE(sync->Covers(Named("m"), now, now));
    ASSERT_TRUE(sync->LoadHistory(now + kHour).ok());
    EXPECT_EQ(sync->Stats().samples_fetched, kSamplesPerHour + kOverlap);
    EXPECT_TRUE(sync->Covers(Named("m"), kNow - 2 * kHour, now + kHour));
    ExpectStored("m", kNow - 2 * kHour, now + kHour);
  }
}

TEST_F(SyncResumeTest, ScrapesThatWereLateAtTheEndComeAfterIt) {
  Open();
  sync->SetSelectors({Selector("m", 2 * kHour)});
  source.hide_newer_than_ms = kNow - kStep;
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  Kill();
  source.hide_newer_than_ms = kNow + kHour;
  Open();
  sync->SetSelectors({Selector("m", 2 * kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow + 1000).ok());
  ExpectStored("m", kNow - 2 * kHour, kNow);
}

TEST_F(SyncResumeTest, AKillBetweenSamplesAndCoverageLosesNothing) {
  Open();
  BrokenCoverage broken(durable.get(), 4);
  SyncOptions options = Slices(absl::Minutes(10));
  options.coverage = &broken;
  MakeSync(options);
  sync->SetSelectors({Selector("m", 2 * kHour)});
  LoadPart(kNow, 6);
  Kill();
  Open();
  sync->SetSelectors({Selector("m", 2 * kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().samples_known, 2 * kSamplesPerHour / 6 + kOverlap);
  EXPECT_EQ(sync->Stats().samples_appended, kSamplesPerHour);
  EXPECT_EQ(sync->Stats().samples_too_old, 0);
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - 2 * kHour, kNow));
  ExpectStored("m", kNow - 2 * kHour, kNow);
}

TEST_F(SyncResumeTest, AnotherSourceIsAskedForAll) {
  Open();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  Close();
  SyncOptions options = Slices(absl::Minutes(10));
  options.source.headers = {{"X-Scope-OrgID", "other"}};
  Open(options);
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().selectors_resumed, 0u);
  // It has the same samples: nothing is missing.
  EXPECT_EQ(sync->Stats().samples_known, kSamplesPerHour);
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - kHour, kNow));
  // One that knows more: the store cannot take it, and does not claim to have it.
  Close();
  FakePrometheus other;
  for (int64_t t = kNow - kHour + 1000; t <= kNow - kHour / 2; t += kStep) {
    other.Add(Series("m"), t, 1);
  }
  options.source.url = other.server().url();
  storage = std::make_unique<MemoryStorage>();
  durable = *DurableStorage::Open(Path(), {}, *storage);
  options.coverage = durable.get();
  sync = *Sync::Create(options, storage.get());
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().samples_too_old, kSamplesPerHour / 2);
  EXPECT_FALSE(sync->Covers(Named("m"), kNow - kHour, kNow));
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - kHour / 2, kNow));
}

TEST_F(SyncResumeTest, AClockThatWasAheadVoidsWhatItCovered) {
  Open();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow + 24 * kHour).ok());  // the source has nothing there yet
  EXPECT_EQ(sync->Stats().samples_fetched, 0);
  Close();
  Open();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().selectors_resumed, 0u);
  ExpectStored("m", kNow - kHour, kNow);
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - kHour, kNow));
  // A small step back voids nothing.
  Close();
  Open();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow - 1000).ok());
  EXPECT_LT(sync->Stats().samples_fetched, kOverlap);
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - kHour, kNow - 1000));
}

TEST_F(SyncResumeTest, WhatEndedLongAgoIsNotJoined) {
  SyncOptions options = Slices(absl::Minutes(10));
  options.resume_within = kHour * absl::Milliseconds(1);
  Open(options);
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow - 2 * kHour).ok());
  Close();
  Open(options);
  sync->SetSelectors({Selector("m", 30 * kMinute)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().selectors_resumed, 0u);
  EXPECT_EQ(sync->Stats().samples_fetched, kSamplesPerHour / 2);
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - 30 * kMinute, kNow));
  EXPECT_FALSE(sync->Covers(Named("m"), kNow - 30 * kMinute - 1, kNow));
  // Another selector of the same series, whose window reaches across the hole.
  sync->SetSelectors({Selector("m", 30 * kMinute), {OfJob("a"), 3 * kHour, 0, "by_job"}});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().samples_too_old, 3 * kSamplesPerHour / 2);
  EXPECT_FALSE(sync->Covers(OfJob("a"), kNow - 3 * kHour, kNow));
  EXPECT_FALSE(sync->Covers(OfJob("a"), kNow - 30 * kMinute - kStep, kNow));
  EXPECT_TRUE(sync->Covers(OfJob("a"), kNow - 30 * kMinute, kNow));
}

TEST_F(SyncResumeTest, ChangedSelectors) {
  Scrape("n", kNow - 4 * kHour, kNow + kHour);
  Open();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  Close();
  Scrape("m", kNow, kNow + kHour);
  Open();
  // A new one, one over a series that is here, and a longer window than before.
  sync->SetSelectors({Selector("m", 3 * kHour), Selector("n", 2 * kHour),
                      {OfJob("a"), 90 * kMinute, 0, "by_job"}});
  ASSERT_TRUE(sync->LoadHistory(kNow + kHour).ok());
  EXPECT_TRUE(sync->Covers(Named("n"), kNow - kHour, kNow + kHour));
  EXPECT_TRUE(sync->Covers(OfJob("a"), kNow - 30 * kMinute, kNow + kHour));
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - kHour, kNow + kHour));
  EXPECT_FALSE(sync->Covers(Named("m"), kNow - 2 * kHour, kNow + kHour));
  EXPECT_TRUE(sync->NeedsFreshStorage());
  ExpectStored("m", kNow - kHour, kNow + kHour);
  ExpectStored("n", kNow - kHour, kNow + kHour);
}

TEST_F(SyncResumeTest, WhatWasForgottenIsNotClaimed) {
  Scrape("n", kNow - 48 * kHour, kNow);
  MemoryStorageOptions memory;
  memory.retention = absl::Hours(12);
  Open(Slices(absl::Hours(4)), memory);
  sync->SetSelectors({Selector("n", 48 * kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_GT(*sync->CoveredFrom(Named("n")), kNow - 48 * kHour);
  EXPECT_FALSE(sync->Covers(Named("n"), kNow - 48 * kHour, kNow));
  EXPECT_TRUE(sync->Covers(Named("n"), kNow - 12 * kHour, kNow));
  Kill();
  Open();  // without retention: what is gone stays gone
  sync->SetSelectors({Selector("n", 48 * kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().selectors_resumed, 1u);
  EXPECT_FALSE(sync->Covers(Named("n"), kNow - 48 * kHour, kNow));
  EXPECT_TRUE(sync->Covers(Named("n"), kNow - 12 * kHour, kNow));
}

TEST_F(SyncResumeTest, SeriesThatEndWhileNobodyLooksAreMarked) {
  Scrape("m", kNow - kHour, kNow, "stays");
  SyncOptions options = Slices(absl::Minutes(10));
  options.mode = SyncMode::kQueryApi;
  Open(options);
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  ASSERT_TRUE(PullAll(*sync, kNow).ok());
  Kill();
  source.Add(Series("m"), kNow + kStep, StaleMarker());
  Scrape("m", kNow, kNow + 2 * kMinute, "stays");
  Open(options);
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow + kMinute).ok());
  EXPECT_EQ(sync->Stats().selectors_resumed, 1u);
  ASSERT_TRUE(PullAll(*sync, kNow + 2 * kMinute).ok());
  EXPECT_EQ(sync->Stats().staleness_markers, 1);
  EXPECT_TRUE(IsStale(Stored(Series("m")).back().value));
  EXPECT_FALSE(IsStale(Stored(Series("m", "stays")).back().value));
}

TEST_F(SyncResumeTest, PullsAreRemembered) {
  Open();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  Scrape("m", kNow, kNow + 2 * kHour);
  for (int64_t t = kNow; t <= kNow + kHour; t += 30'000) ASSERT_TRUE(PullAll(*sync, t).ok());
  Kill();
  Open();
  sync->SetSelectors({Selector("m", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow + 2 * kHour).ok());
  EXPECT_LE(sync->Stats().samples_fetched, kSamplesPerHour + 4 + kOverlap);
  ExpectStored("m", kNow - kHour, kNow + 2 * kHour);
}

TEST_F(SyncResumeTest, SlicesAreFetchedAtOnceAndCommittedInOrder) {
  Scrape("n", kNow - 4 * kHour, kNow);
  source.delay = absl::Milliseconds(100);
  absl::Duration took[2];
  for (const bool is_parallel : {false, true}) {
    storage = std::make_unique<MemoryStorage>();
    SyncOptions options = Slices(absl::Minutes(15));
    options.source.url = source.server().url();
    options.concurrency = is_parallel ? 4 : 1;
    sync = *Sync::Create(options, storage.get());
    sync->SetSelectors(
        {Selector("m", 4 * kHour), Selector("n", 3 * kHour), {OfJob("a"), 4 * kHour, 0, "job"}});
    int64_t last_end = 0;
    const absl::Time start = absl::Now();
    ASSERT_TRUE(sync->LoadHistory(kNow, [&](const SyncProgress& progress) {
                      EXPECT_GT(progress.slice_end_ms, last_end);
                      last_end = progress.slice_end_ms;
                    }).ok());
    took[is_parallel] = absl::Now() - start;
    ExpectStored("m", kNow - 4 * kHour, kNow);
    ExpectStored("n", kNow - 4 * kHour, kNow);
    EXPECT_EQ(sync->Stats().samples_too_old, 0);
    EXPECT_EQ(sync->Stats().samples_refused, 0);
  }
  EXPECT_LT(took[true], 0.6 * took[false]);
}

TEST_F(SyncResumeTest, ShortWindowsAreNotLoadedForAWholeSlice) {
  Scrape("n", kNow - 4 * kHour, kNow);
  Open(Slices(absl::Hours(24)));
  sync->SetSelectors({Selector("m", 4 * kHour), Selector("n", 5 * kMinute)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  EXPECT_EQ(sync->Stats().samples_fetched, 4 * kSamplesPerHour + 5 * kMinute / kStep);
  ExpectStored("m", kNow - 4 * kHour, kNow);
  ExpectStored("n", kNow - 5 * kMinute, kNow);
  EXPECT_TRUE(sync->Covers(Named("n"), kNow - 5 * kMinute, kNow));
}

TEST_F(SyncResumeTest, FaultsInTheMidstOfParallelSlicesLoseNothing) {
  Open(Slices(absl::Minutes(5)));
  sync->SetSelectors({Selector("m", 4 * kHour)});
  int failed = 0;
  for (int attempt = 0; attempt < 20; ++attempt) {
    const absl::Status status =
        sync->LoadHistory(kNow, [&, seen = 0](const SyncProgress&) mutable {
          if (++seen == 5) source.failures = 2;
        });
    if (status.ok()) break;
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    ++failed;
    source.failures = 0;
  }
  EXPECT_GT(failed, 2);
  ExpectStored("m", kNow - 4 * kHour, kNow);
  EXPECT_TRUE(sync->Covers(Named("m"), kNow - 4 * kHour, kNow));
}

TEST_F(SyncResumeTest, LimitsOfTheSourceHalveParallelSlices) {
  source.sample_limit = 50;
  Open(Slices(absl::Hours(1)));
  sync->SetSelectors({Selector("m", 4 * kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow).ok());
  ExpectStored("m", kNow - 4 * kHour, kNow);
}

TEST_F(SyncResumeTest, HistoryIsThrottledAndPullsAreNot) {
  Scrape("n", kNow - 4 * kHour, kNow);
  SyncOptions options = Slices(absl::Minutes(5));
  Open(options);
  sync->SetSelectors({Selector("n", kHour)});
  ASSERT_TRUE(sync->LoadHistory(kNow - kHour).ok());
  Close();
  options.max_samples_per_second = 240;
  Open(options);
  sync->SetSelectors({Selector("n", 0)});
  ASSERT_TRUE(sync->LoadHistory(kNow - kHour).ok());
  sync->SetSelectors({Selector("n", 0), Selector("m", 2 * kHour)});
  std::atomic<bool> ends{false};
  const absl::Time start = absl::Now();
  absl::Duration took;
  std::thread loader([&] {
    EXPECT_TRUE(sync->LoadHistory(kNow).ok());
    took = absl::Now() - start;
    ends = true;
  });
  absl::SleepFor(absl::Milliseconds(300));
  for (int64_t t = kNow - kHour + kMinute; t <= kNow; t += 5 * kMinute) {
    const absl::Time before = absl::Now();
    EXPECT_TRUE(PullAll(*sync, t).ok());
    EXPECT_LT(absl::Now() - before, absl::Milliseconds(400));
  }
  EXPECT_FALSE(ends);
  loader.join();
  EXPECT_GT(took, absl::Seconds(1.5));  // 480 samples, the last slices are not waited for
  EXPECT_LT(took, absl::Seconds(4));
  ExpectStored("m", kNow - 2 * kHour, kNow);
}

TEST_F(SyncResumeTest, AThrottledLoadCanBeCancelled) {
  SyncOptions options = Slices(absl::Minutes(5));
  options.max_samples_per_second = 1;
  Open(options);
  sync->SetSelectors({Selector("m", 2 * kHour)});
  std::thread loader([&] { EXPECT_TRUE(absl::IsCancelled(sync->LoadHistory(kNow))); });
  absl::SleepFor(absl::Milliseconds(200));
  const absl::Time start = absl::Now();
  sync->Cancel();
  loader.join();
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

}  // namespace
}  // namespace sloburn::remote
