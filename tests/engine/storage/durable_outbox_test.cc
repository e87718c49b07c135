// SPDX-License-Identifier: Apache-2.0
// What is committed together with samples outlives the process, or is not there at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/storage/durable/durable_storage.h"
#include "engine/storage/journal_record.h"
#include "engine/storage/outbox.h"
#include "tests/engine/storage/durable_fixture.h"

namespace sloburn {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class DurableOutboxTest : public DurableFixture {
 protected:
  // A process: store, database and outbox.
  struct Process {
    explicit Process(const std::string& path) : storage(MemoryOptions()), outbox(storage, {}) {
      auto opened = DurableStorage::Open(path, {}, storage);
      EXPECT_TRUE(opened.ok()) << opened.status();
      durable = *std::move(opened);
      for (NamedValue& value : durable->TakeValues()) values.push_back(value.name + "=" + value.value);
      outbox.Restore(durable->TakeOutbox(), durable.get());
      storage.SetOutbox(&outbox);
    }

    void Commit(int64_t time_ms, std::vector<NamedValue> values = {}) {
      auto appender = storage.NewAppender();
      if (time_ms > 0) {
        ASSERT_TRUE(appender->Append(Named("a"), time_ms, 7).ok());
      }
      const absl::Status status = appender->CommitWith({std::move(values), true});
      ASSERT_TRUE(status.ok()) << status;
    }

    std::vector<int64_t> Next(std::string_view reader, size_t max_samples, bool* again = nullptr) {
      const auto batch = outbox.Next(reader, max_samples);
      std::vector<int64_t> times;
      for (const SeriesSamples& series : batch->series) {
        for (const Sample& sample : series.samples) times.push_back(sample.timestamp_ms);
      }
      if (again != nullptr) *again = batch->may_be_delivered;
      return times;
    }

    MemoryStorage storage;
    std::unique_ptr<DurableStorage> durable;
    Outbox outbox;
    std::vector<std::string> values;
  };

  void Execute(const std::string& sql) {
    auto db = Sqlite::Open(Path());
    ASSERT_TRUE(db.ok()) << db.status();
    const absl::Status status = (*db)->Execute(sql);
    ASSERT_TRUE(status.ok()) << status;
  }
};

TEST_F(DurableOutboxTest, ValuesAreReplacedAndForgotten) {
  {
    Process process(Path());
    process.Commit(1, {{"x", "1"}, {"y", std::string("\0\n", 2)}});
    process.Commit(0, {{"x", "2"}, {"z", "3"}});  // without samples
    process.Commit(2, {{"z", ""}, {"never", ""}});
  }
  Process process(Path());
  EXPECT_THAT(process.values, UnorderedElementsAre("x=2", std::string("y=\0\n", 4)));
}

TEST_F(DurableOutboxTest, TheOutboxGoesOnWhereItWas) {
  {
    Process process(Path());
    process.outbox.AddReader("r");
    for (int64_t t = 1; t <= 5; ++t) process.Commit(t);
    EXPECT_THAT(process.Next("r", 2), ElementsAre(1, 2));
    process.outbox.Acknowledge("r");
    EXPECT_THAT(process.Next("r", 2), ElementsAre(3, 4));  // and the process ends
  }
  {
    Process process(Path());
    process.Commit(6);
    bool again = false;
    EXPECT_THAT(process.Next("r", 100, &again), ElementsAre(3, 4));  // the same batch
    EXPECT_TRUE(again);
    process.outbox.Acknowledge("r");
    EXPECT_THAT(process.Next("r", 100, &again), ElementsAre(5, 6));
    EXPECT_FALSE(again);
    process.outbox.Acknowledge("r");
  }
  Process process(Path());
  EXPECT_EQ(process.outbox.Stats().entries, 0);
  process.Commit(7);
  EXPECT_THAT(process.Next("r", 100), ElementsAre(7));
}

TEST_F(DurableOutboxTest, DamagedEntriesAreSetAsideAndTold) {
  {
    Process process(Path());
    process.outbox.AddReader("r");
    for (int64_t t = 1; t <= 3; ++t) process.Commit(t, {{"v" + std::to_string(t), "x"}});
  }
  Execute("UPDATE outbox SET record = CAST(record || x'00' AS BLOB) WHERE seq = 2;"
          "UPDATE named_values SET value = x'00' WHERE name = 'v1'");
  Process process(Path());
  EXPECT_THAT(process.Next("r", 100), ElementsAre(1, 3));
  EXPECT_THAT(process.values, UnorderedElementsAre("v2=x", "v3=x"));
  EXPECT_THAT(process.durable->problems(),
              ElementsAre(HasSubstr("the value \"v1\" is damaged and was set aside: it ends early"),
                          HasSubstr("entry 2 of the outbox is damaged and was set aside")));
  EXPECT_EQ(process.durable->Stats().quarantined, 2);
}

TEST_F(DurableOutboxTest, ADamagedPlaceSendsAllAgain) {
  {
    Process process(Path());
    process.outbox.AddReader("r");
    process.outbox.AddReader("slow");
    for (int64_t t = 1; t <= 3; ++t) process.Commit(t);
    process.Next("r", 2);
    process.outbox.Acknowledge("r");
  }
  Execute("UPDATE outbox_readers SET done = 3, claimed = 3 WHERE name = 'r'");
  Process process(Path());
  bool again = false;
  EXPECT_THAT(process.Next("r", 100, &again), ElementsAre(1, 2, 3));
  EXPECT_TRUE(again);
  EXPECT_THAT(process.durable->problems(), ElementsAre(HasSubstr("the place of r in the outbox")));
}

TEST_F(DurableOutboxTest, AFailedCommitIsNotInTheOutbox) {
  Process process(Path());
  process.outbox.AddReader("r");
  process.Commit(1);
  ASSERT_TRUE(process.durable->Close().ok());
  // As at the end of a process; a store without its database would take the commit.
  process.storage.SetLog(process.durable.get());
  auto appender = process.storage.NewAppender();
  ASSERT_TRUE(appender->Append(Named("a"), 2, 7).ok());
  EXPECT_FALSE(appender->CommitWith({{{"x", "1"}}, true}).ok());
  EXPECT_THAT(process.Next("r", 100), ElementsAre(1));
  process.storage.SetLog(nullptr);
}

TEST_F(DurableOutboxTest, ADatabaseRebuiltFromDamagedPagesKeepsBoth) {
  {
    Process process(Path());
    process.outbox.AddReader("r");
    process.Commit(1, {{"x", "1"}});
  }
  // A commit of a series that is missing: the database is written anew.
  {
    const int64_t time = 1;
    const double value = 1;
    const std::string record = EncodeJournalRecord({{99, nullptr, {&time, &value, 1}, {}}});
    auto db = Sqlite::Open(Path());
    auto insert = (*db)->Prepare("INSERT INTO journal (record) VALUES (?)");
    ASSERT_TRUE(insert.ok() && insert->Run(std::string_view(record)).ok());
  }
  Process process(Path());
  EXPECT_THAT(process.durable->problems(),
              Contains(HasSubstr("all that could be read was written to a new database")));
  EXPECT_THAT(process.values, ElementsAre("x=1"));
  EXPECT_THAT(process.Next("r", 100), ElementsAre(1));
}

}  // namespace
}  // namespace sloburn
