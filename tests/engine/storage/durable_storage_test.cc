// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/durable_storage.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "engine/model/histogram.h"
#include "engine/storage/durable/wal_check.h"
#include "tests/engine/storage/durable_fixture.h"

namespace sloburn {
namespace {

class DurableStorageTest : public DurableFixture {};

TEST_F(DurableStorageTest, WhatWasCommittedIsThereAgain) {
  AllSamples before;
  for (int start = 0; start < 6; ++start) {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok()) << durable.status();
    EXPECT_TRUE((*durable)->problems().empty());
    EXPECT_EQ(All(storage), before);
    Fill(storage, 15);
    if (start % 2 == 0) {
      ASSERT_TRUE((*durable)->Checkpoint().ok());
    }
    Fill(storage, 3);
    before = All(storage);
    ASSERT_TRUE((*durable)->Close().ok());
    EXPECT_GT((*durable)->Stats().chunks, start * 3);
  }
}

TEST_F(DurableStorageTest, SurvivesTheEndOfItsProcess) {
  for (int round = 0; round < 5; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      MemoryStorage storage(MemoryOptions());
      auto durable = DurableStorage::Open(Path(), {}, storage);
      if (!durable.ok()) _exit(2);
      time_ms_ += round * 10'000'000;
      Fill(storage, 10);
      if (round % 2 == 1 && !(*durable)->Checkpoint().ok()) _exit(3);
      Fill(storage, 2);
      // What follows is not committed.
      auto appender = storage.NewAppender();
      appender->Append(Named("never"), 1, 1).IgnoreError();
      _exit(HasFatalFailure() ? 4 : 0);  // as kill -9: nothing is closed
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(WEXITSTATUS(status), 0);
    // The same in this process, in memory.
    MemoryStorage expected(MemoryOptions());
    if (round == 0) {
      Fill(expected, 12);
      MemoryStorage storage(MemoryOptions());
      auto durable = DurableStorage::Open(Path(), {}, storage);
      ASSERT_TRUE(durable.ok()) << durable.status();
      EXPECT_EQ(All(storage), All(expected));
    }
  }
  MemoryStorage storage(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), {}, storage);
  ASSERT_TRUE(durable.ok());
  EXPECT_EQ(All(storage).count(Named("never").ToString()), 0u);
}

TEST_F(DurableStorageTest, DamagedValuesAreSetAside) {
  {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    Fill(storage, 40);
  }
  {
    auto db = Sqlite::Open(Path());
    ASSERT_TRUE(db.ok());
    ASSERT_TRUE((*db)->Execute("UPDATE chunks SET value = CAST(value || x'00' AS BLOB) WHERE id = 2;"
                               "UPDATE chunks SET series = 1 WHERE id = 1;"
                               "UPDATE newest SET value = x'0100' WHERE series = 0;"
                               "INSERT INTO journal (record) VALUES (x'01ff');").ok());
  }
  MemoryStorage storage(MemoryOptions());
  {
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok()) << durable.status();
    EXPECT_EQ((*durable)->problems().size(), 4u);
    EXPECT_EQ((*durable)->Stats().quarantined, 4);
    // A series whose newest samples are gone goes on after its last chunk.
    Fill(storage, 1);
    EXPECT_TRUE((*durable)->Close().ok());
  }
  MemoryStorage again(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), {}, again);
  ASSERT_TRUE(durable.ok());
  EXPECT_TRUE((*durable)->problems().empty());
  EXPECT_EQ((*durable)->Stats().quarantined, 4);
  EXPECT_EQ(All(again), All(storage));
}

// Of the value of a row: another last byte.
std::string Flipped(const std::string& column) {
  return "CAST(substr(" + column + ", 1, length(" + column + ") - 1) || x'7f' AS BLOB)";
}

TEST_F(DurableStorageTest, AReopenedChunkTakesLateSamplesOnce) {
  const auto push = [](MemoryStorage& storage, int64_t from, int64_t to, int64_t step) {
    auto appender = storage.NewAppender();
    for (int64_t t = from; t < to; t += step) {
      ASSERT_TRUE(appender->Append(Named("m"), t, static_cast<double>(t)).ok());
    }
    ASSERT_TRUE(appender->Commit().ok());
  };
  {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    push(storage, 0, 6'000'000, 1000);
  }
  {
    auto db = Sqlite::Open(Path());
    ASSERT_TRUE((*db)->Execute("UPDATE newest SET value = " + Flipped("value")).ok());
  }
  MemoryStorage storage(MemoryOptions());
  {
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    EXPECT_EQ((*durable)->problems().size(), 1u);
    ASSERT_EQ(All(storage).begin()->second.size(), 5120u);
    push(storage, 5'100'500, 5'100'600, 1000);  // within the chunk that was the last
    push(storage, 6'000'000, 12'000'000, 1000);
  }
  MemoryStorage again(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), {}, again);
  ASSERT_TRUE(durable.ok());
  EXPECT_TRUE((*durable)->problems().empty());
  EXPECT_EQ(All(again), All(storage));
  EXPECT_EQ(All(again).begin()->second.size(), 5120u + 1 + 6000);
}

// One by one they would each copy all that has been read before.
TEST_F(DurableStorageTest, ManyLateSamplesAreReadBackQuickly) {
  MemoryStorage storage(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), {.sync = StorageSync::kOff}, storage);
  ASSERT_TRUE(durable.ok());
  for (int64_t i = 1; i <= 10'000; ++i) {
    auto appender = storage.NewAppender();
    for (int64_t k = 0; k < 10; ++k) {
      ASSERT_TRUE(appender->Append(Named("m"), 300'000 + i * 1000 + k * 100, 1.5).ok());
    }
    ASSERT_TRUE(appender->Append(Named("m"), 250'007 + i * 1000, static_cast<double>(i)).ok());
    ASSERT_TRUE(appender->Commit().ok());
  }
  const auto copy = folder_.string() + "-copy";
  std::filesystem::copy(folder_, copy);
  MemoryStorage again(MemoryOptions());
  {
    auto opened = DurableStorage::Open(copy + "/sloburn.db", {}, again);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_LT((*opened)->Stats().open_time, absl::Seconds(1));
    EXPECT_EQ(All(again), All(storage));
    EXPECT_EQ(again.Stats().samples, 110'000);
  }
  std::filesystem::remove_all(copy);
}

TEST_F(DurableStorageTest, ResetsAroundAMissingChunk) {
  constexpr int kSamples = 5000;
  {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    auto appender = storage.NewAppender();
    for (int i = 0; i < kSamples; ++i) {
      ASSERT_TRUE(appender->Append(Named("m"), i * 1000, i < 2048 ? i : (i - 2048) * 0.01).ok());
    }
    ASSERT_TRUE(appender->Commit().ok());
  }
  for (const int lost : {2, 3}) {
    {
      auto db = Sqlite::Open(Path());
      ASSERT_TRUE((*db)->Execute("UPDATE chunks SET value = " + Flipped("value") +
                                 " WHERE id = " + std::to_string(lost)).ok());
    }
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    EXPECT_EQ((*durable)->problems().size(), 1u);
    auto found = storage.TakeSnapshot()->Select({}, 0, kSamples * 1000);
    ASSERT_TRUE(found.ok());
    SampleBuffer buffer;
    const SampleView view = *found->at(0)->Read(0, kSamples * 1000, buffer);
    EXPECT_TRUE(view.may_have_resets);
    double increase = view.values[view.size - 1] - view.values[0];
    for (size_t i = 1; i < view.size; ++i) {
      if (view.values[i] < view.values[i - 1]) increase += view.values[i - 1];
    }
    const auto facts = found->at(0)->Facts(
        {kFactCounterIncrease | kFactResets, kSamples * 1000, 0, kSamples * 1000, 1, false});
    ASSERT_NE(facts, nullptr);
    WindowFacts told;
    ASSERT_TRUE(*facts->Facts(-1, kSamples * 1000, told));
    EXPECT_EQ(told.increase, increase);
    EXPECT_EQ(told.resets, 1);
    EXPECT_EQ(told.count, static_cast<int64_t>(view.size));
  }
}

TEST_F(DurableStorageTest, OneSeriesWithDamagedLabels) {
  {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    Fill(storage, 20);
  }
  {
    auto db = Sqlite::Open(Path());
    ASSERT_TRUE((*db)->Execute("UPDATE series SET labels = " + Flipped("labels") +
                               " WHERE id = 1").ok());
  }
  MemoryStorage storage(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), {}, storage);
  ASSERT_TRUE(durable.ok()) << durable.status();
  EXPECT_EQ((*durable)->problems().size(), 1u);
  EXPECT_EQ(All(storage).size(), 3u);
  Fill(storage, 1);
  EXPECT_EQ(All(storage).size(), 4u);
  ASSERT_TRUE((*durable)->Close().ok());
  durable->reset();
  MemoryStorage again(MemoryOptions());
  const auto reopened = DurableStorage::Open(Path(), {}, again);
  ASSERT_TRUE(reopened.ok());
  EXPECT_EQ(All(again), All(storage));
}

TEST_F(DurableStorageTest, WhatCannotBeReadIsNotWrittenOver) {
  {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    Fill(storage, 3);
  }
  const auto run = [this](const std::string& sql) {
    auto db = Sqlite::Open(Path());
    ASSERT_TRUE((*db)->Execute(sql).ok()) << sql;
  };
  run("INSERT INTO journal (record) VALUES (x'01'); PRAGMA user_version = 2");
  MemoryStorage storage(MemoryOptions());
  EXPECT_EQ(DurableStorage::Open(Path(), {}, storage).status().code(),
            absl::StatusCode::kFailedPrecondition);
  auto db = Sqlite::Open(Path());
  EXPECT_EQ(*(*db)->QueryInt("SELECT count(*) FROM journal"), 1);
  ASSERT_TRUE((*db)->Execute("PRAGMA application_id = 5").ok());
  db->reset();
  EXPECT_EQ(DurableStorage::Open(Path(), {}, storage).status().code(),
            absl::StatusCode::kFailedPrecondition);
  db = Sqlite::Open(Path());
  EXPECT_EQ(*(*db)->QueryInt("SELECT count(*) FROM journal"), 1);
}

// SQLite serves what is left of a page whose number of rows is damaged.
TEST_F(DurableStorageTest, WithDamagedPagesAllIsWrittenAnew) {
  {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    Fill(storage, 40);
  }
  int64_t page = 0;
  {
    auto db = Sqlite::Open(Path());
    page = *(*db)->QueryInt("SELECT rootpage FROM sqlite_schema WHERE name = 'series'");
  }
  FILE* const file = fopen(Path().c_str(), "r+b");
  fseek(file, (page - 1) * 4096 + 4, SEEK_SET);
  const int rows = fgetc(file);
  ASSERT_GT(rows, 1);
  fseek(file, (page - 1) * 4096 + 4, SEEK_SET);
  fputc(rows - 1, file);
  fclose(file);

  MemoryStorage storage(MemoryOptions());
  {
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok()) << durable.status();
    ASSERT_GE((*durable)->problems().size(), 2u);
    EXPECT_NE((*durable)->problems().front().find("pages are damaged"), std::string::npos);
    EXPECT_NE((*durable)->problems().back().find("written to a new database"), std::string::npos);
    EXPECT_EQ(All(storage).size(), static_cast<size_t>(rows - 1));
    EXPECT_GT((*durable)->Stats().chunks, 0);
    time_ms_ += 1000;
    Fill(storage, 2);
  }
  size_t aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    aside += entry.path().string().find(".damaged-") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(aside, 1u);
  MemoryStorage again(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), {}, again);
  ASSERT_TRUE(durable.ok()) << durable.status();
  EXPECT_TRUE((*durable)->problems().empty());
  EXPECT_EQ(All(again), All(storage));
}

TEST_F(DurableStorageTest, ATimeThatIsNotOfItsChunkDropsNothing) {
  AllSamples before;
  DurableOptions options;
  options.retention = absl::Hours(1000);
  {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), options, storage);
    ASSERT_TRUE(durable.ok());
    Fill(storage, 40);
    before = All(storage);
  }
  auto db = Sqlite::Open(Path());
  ASSERT_TRUE((*db)->Execute("UPDATE chunks SET max_ms = max_ms - 100000000000 WHERE id = 2").ok());
  db->reset();
  {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), options, storage);
    ASSERT_TRUE(durable.ok()) << durable.status();
    ASSERT_FALSE((*durable)->problems().empty());
    EXPECT_NE((*durable)->problems().front().find("row 2 of chunks has the time"),
              std::string::npos);
    EXPECT_EQ(All(storage), before);
    ASSERT_TRUE((*durable)->Checkpoint().ok());
  }
  MemoryStorage again(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), options, again);
  ASSERT_TRUE(durable.ok());
  EXPECT_TRUE((*durable)->problems().empty());
  EXPECT_EQ(All(again), before);
}

TEST_F(DurableStorageTest, DamageInTheLogIsTold) {
  const pid_t child = fork();
  if (child == 0) {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    if (!durable.ok()) _exit(2);
    Fill(storage, 30);
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const std::string log = Path() + "-wal";
  const auto good = CheckWal(log);
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->lost_commits, 0);
  EXPECT_FALSE(good->is_torn);
  ASSERT_GT(good->good_frames, 40);
  // A torn end is none.
  std::filesystem::resize_file(log, std::filesystem::file_size(log) - 3000);
  EXPECT_EQ(CheckWal(log)->lost_commits, 0);
  EXPECT_EQ(CheckWal(log)->good_frames, good->good_frames - 1);
  EXPECT_TRUE(CheckWal(log)->is_torn);
  const auto overwrite = [&log](int64_t at, size_t size) {
    FILE* const file = fopen(log.c_str(), "r+b");
    fseek(file, at, SEEK_SET);
    for (size_t i = 0; i < size; ++i) fputc(0x5a, file);
    fclose(file);
  };
  // The header of a frame, as much as what follows it; and the last commit's first frame.
  overwrite(32 + 25 * (4096 + 24), 24);
  EXPECT_EQ(CheckWal(log)->good_frames, 25);
  EXPECT_GT(CheckWal(log)->lost_commits, 5);
  overwrite(32 + 20 * (4096 + 24) + 1000, 1);
  EXPECT_EQ(CheckWal(log)->good_frames, 20);
  EXPECT_GT(CheckWal(log)->lost_commits, 5);
  MemoryStorage storage(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), {}, storage);
  ASSERT_TRUE(durable.ok()) << durable.status();
  ASSERT_EQ((*durable)->problems().size(), 1u);
  EXPECT_NE((*durable)->problems()[0].find("commits are lost"), std::string::npos);
  durable->reset();
  MemoryStorage again(MemoryOptions());
  const auto reopened = DurableStorage::Open(Path(), {}, again);
  ASSERT_TRUE(reopened.ok());
  EXPECT_TRUE((*reopened)->problems().empty());
  EXPECT_EQ(All(again), All(storage));
}

TEST_F(DurableStorageTest, ForgottenSeriesBeginAnew) {
  DurableOptions options;
  options.retention = absl::Hours(1);
  MemoryStorage storage(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), options, storage);
  ASSERT_TRUE(durable.ok());
  Fill(storage, 20);
  ASSERT_TRUE((*durable)->Checkpoint().ok());
  Push(storage, "later", time_ms_ + 7'200'000);
  ASSERT_TRUE((*durable)->Checkpoint().ok());
  EXPECT_EQ(All(storage).size(), 1u);
  Push(storage, "m0", time_ms_ + 7'201'000);
  ASSERT_TRUE((*durable)->Close().ok());
  durable->reset();
  MemoryStorage again(MemoryOptions());
  const auto reopened = DurableStorage::Open(Path(), options, again);
  ASSERT_TRUE(reopened.ok());
  EXPECT_EQ(All(again), All(storage));
  EXPECT_EQ(All(again)[Named("m0").ToString()].size(), 1u);
}

TEST_F(DurableStorageTest, ForgottenSamplesStayForgottenAfterACrash) {
  DurableOptions options;
  options.retention = absl::Hours(1);
  const std::string copy = Path() + ".copy";
  MemoryStorage storage(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), options, storage);
  ASSERT_TRUE(durable.ok());
  Fill(storage, 20);
  ASSERT_TRUE((*durable)->Checkpoint().ok());
  Push(storage, "later", time_ms_ + 7'200'000);
  ASSERT_TRUE((*durable)->Checkpoint().ok());
  Push(storage, "m0", time_ms_ + 7'201'000);
  // What a process leaves that is killed now.
  std::filesystem::copy_file(Path(), copy);
  std::filesystem::copy_file(Path() + "-wal", copy + "-wal");
  MemoryStorage again(MemoryOptions());
  const auto reopened = DurableStorage::Open(copy, options, again);
  ASSERT_TRUE(reopened.ok());
  EXPECT_EQ(All(again), All(storage));
  EXPECT_EQ(All(again)[Named("m0").ToString()].size(), 1u);
}

TEST_F(DurableStorageTest, CoverageOutlivesTheProcess) {
  const std::vector<CoveredTime> times = {{"{a=\"1\"}", 5, 10}, {"{b=\"\\n\"}", -7, 3}};
  {
    MemoryStorage storage;
    const auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    EXPECT_TRUE((*durable)->OpenCoverage("one")->empty());
    ASSERT_TRUE((*durable)->WriteCoverage({{"{a=\"1\"}", 5, 7}, times[1], {"{c}", 1, 2}}).ok());
    ASSERT_TRUE((*durable)->WriteCoverage({times[0], {"{c}", 0, 0}}).ok());
    ASSERT_TRUE((*durable)->Close().ok());
    EXPECT_FALSE((*durable)->WriteCoverage(times).ok());
  }
  for (const char* source : {"one", "one", "two", "one"}) {
    MemoryStorage storage;
    const auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    const auto found = (*durable)->OpenCoverage(source);
    static bool is_other_seen = false;
    is_other_seen |= source == std::string("two");
    EXPECT_EQ(*found, is_other_seen ? std::vector<CoveredTime>() : times);
  }
}

TEST_F(DurableStorageTest, DamageVoidsCoverage) {
  const auto open = [this](MemoryStorage& storage) {
    auto durable = DurableStorage::Open(Path(), {}, storage);
    EXPECT_TRUE(durable.ok()) << durable.status();
    return *std::move(durable);
  };
  for (const char* damage : {"UPDATE sync_coverage SET to_ms = to_ms + 1",
                             "UPDATE newest SET value = x'00'"}) {
    {
      MemoryStorage storage(MemoryOptions());
      const auto durable = open(storage);
      Fill(storage, 3);
      ASSERT_TRUE(durable->OpenCoverage("one").ok());
      ASSERT_TRUE(durable->WriteCoverage({{"{a}", 5, 10}}).ok());
      ASSERT_TRUE(durable->Close().ok());
    }
    {
      auto db = Sqlite::Open(Path());
      ASSERT_TRUE(db.ok());
      ASSERT_TRUE((*db)->Execute(damage).ok());
    }
    MemoryStorage storage(MemoryOptions());
    EXPECT_TRUE(open(storage)->OpenCoverage("one")->empty()) << damage;
  }
}

TEST_F(DurableStorageTest, CoverageIsCutBeforeSamplesAreForgotten) {
  DurableOptions options;
  options.retention = absl::Hours(1);
  MemoryStorage storage(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), options, storage);
  ASSERT_TRUE(durable.ok());
  Fill(storage, 20);
  const int64_t end = time_ms_;
  ASSERT_TRUE((*durable)->OpenCoverage("one").ok());
  ASSERT_TRUE((*durable)->WriteCoverage({{"{a}", 0, end}, {"{b}", 0, end - 7'000'000}}).ok());
  ASSERT_TRUE((*durable)->Checkpoint().ok());
  const int64_t newest = storage.Stats().max_time_ms;
  const std::vector<CoveredTime> cut = {{"{a}", newest - 3'600'000 - 1, end}};
  EXPECT_EQ(*(*durable)->OpenCoverage("one"), cut);
}

TEST_F(DurableStorageTest, ADatabaseThatIsNoneIsMovedAway) {
  std::filesystem::create_directories(folder_);
  {
    FILE* const file = fopen(Path().c_str(), "w");
    for (int i = 0; i < 1000; ++i) fputs("this is no database ", file);
    fclose(file);
  }
  MemoryStorage storage;
  const auto failed = DurableStorage::Open(Path(), {}, storage);
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kDataLoss) << failed.status();
  EXPECT_FALSE(std::filesystem::exists(Path()));
  EXPECT_TRUE(DurableStorage::Open(Path(), {}, storage).ok());
}

TEST_F(DurableStorageTest, OneProcessAtATime) {
  MemoryStorage storage;
  auto durable = DurableStorage::Open(Path(), {}, storage);
  ASSERT_TRUE(durable.ok());
  MemoryStorage other;
  const auto second = DurableStorage::Open(Path(), {}, other);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(DurableStorageTest, SizeIsKeptWithinItsLimit) {
  MemoryStorage storage(MemoryOptions());
  DurableOptions options;
  options.retention_bytes = 200'000;
  auto durable = DurableStorage::Open(Path(), options, storage);
  ASSERT_TRUE(durable.ok());
  for (int round = 0; round < 8; ++round) {
    Fill(storage, 60);
    ASSERT_TRUE((*durable)->Checkpoint().ok());
  }
  ASSERT_TRUE((*durable)->Checkpoint().ok());
  EXPECT_LT((*durable)->Stats().database_bytes, 400'000);
  ASSERT_TRUE((*durable)->Close().ok());
  const auto before = All(storage);
  durable->reset();
  MemoryStorage again(MemoryOptions());
  auto reopened = DurableStorage::Open(Path(), {}, again);
  ASSERT_TRUE(reopened.ok());
  EXPECT_EQ(All(again), before);
}

TEST_F(DurableStorageTest, AFailedCommitChangesNothing) {
  MemoryStorage storage;
  auto durable = DurableStorage::Open(Path(), {}, storage);
  ASSERT_TRUE(durable.ok());
  auto appender = storage.NewAppender();
  ASSERT_TRUE(appender->Append(Named("a"), 1, 1).ok());
  ASSERT_TRUE((*durable)->Close().ok());
  storage.SetLog(durable->get());  // as if its disk were gone
  EXPECT_FALSE(appender->Commit().ok());
  EXPECT_EQ(storage.Stats().series, 0u);
  storage.SetLog(nullptr);
}

TEST_F(DurableStorageTest, Histograms) {
  auto histogram = std::make_shared<Histogram>();
  histogram->count = 3;
  histogram->sum = 7.5;
  histogram->positive.spans = {{0, 2}};
  histogram->positive.counts = {1, 2};
  {
    MemoryStorage storage;
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    for (int i = 0; i < 3; ++i) {
      auto appender = storage.NewAppender();
      ASSERT_TRUE(appender->AppendHistogram(Named("h"), 1000 + i, histogram).ok());
      ASSERT_TRUE(appender->AppendStarted(Named("s"), 1000 + i, 900, i, nullptr).ok());
      ASSERT_TRUE(appender->Commit().ok());
    }
  }
  MemoryStorage storage;
  auto durable = DurableStorage::Open(Path(), {}, storage);
  ASSERT_TRUE(durable.ok());
  auto found = storage.TakeSnapshot()->Select({}, 0, 5000);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 2u);
  SampleBuffer buffer;
  const auto view = (*found)[0]->Read(0, 5000, buffer);
  ASSERT_EQ(view->size, 3u);
  EXPECT_EQ(view->histograms[2]->sum, 7.5);
  const auto started = (*found)[1]->Read(0, 5000, buffer);
  ASSERT_EQ(started->size, 3u);
  EXPECT_EQ(started->starts[0], 900);
}

}  // namespace
}  // namespace sloburn
