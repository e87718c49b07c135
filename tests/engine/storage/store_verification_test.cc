// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/store_verification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "base/str_cat.h"
#include "engine/model/histogram.h"
#include "engine/storage/chunk_check.h"
#include "engine/storage/durable/store_inspection.h"
#include "engine/storage/durable/store_reader.h"
#include "tests/engine/storage/durable_fixture.h"

namespace sloburn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string ReadBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
}

class StoreVerificationTest : public DurableFixture {
 protected:
  // Chunks, newest samples and a journal, as a process that is killed leaves them, in one file.
  void Make(int rounds) {
    const pid_t child = fork();
    if (child == 0) {
      MemoryStorage storage(MemoryOptions());
      auto durable = DurableStorage::Open(Path(), {}, storage);
      if (!durable.ok()) _exit(2);
      Fill(storage, rounds);
      AppendHistograms(storage);
      if (!(*durable)->Checkpoint().ok()) _exit(3);
      Fill(storage, 2);
      _exit(HasFatalFailure() ? 4 : 0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(WEXITSTATUS(status), 0);
    Run("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  void AppendHistograms(MemoryStorage& storage) {
    auto appender = storage.NewAppender();
    for (int i = 0; i < 300; ++i) {
      auto histogram = std::make_shared<Histogram>();
      histogram->count = histogram->sum = 3.0 * i;
      histogram->positive.spans = {{0, 2}};
      histogram->positive.counts = {1.0 * i, 2.0 * i};
      ASSERT_TRUE(appender->AppendHistogram(Named("h"), 1000 * i, histogram).ok());
      ASSERT_TRUE(appender->AppendStarted(Named("s"), 1000 * i, 1 + i / 50, i, nullptr).ok());
    }
    ASSERT_TRUE(appender->Commit().ok());
  }

  void Run(const std::string& sql) {
    auto db = Sqlite::Open(Path());
    ASSERT_TRUE(db.ok());
    ASSERT_TRUE((*db)->Execute(sql).ok()) << sql;
  }

  // Findings as "what", or the error of opening.
  std::vector<std::string> Verify() {
    const auto reader = StoreReader::Open(Path());
    if (!reader.ok()) return {std::string(reader.status().message())};
    std::vector<std::string> findings;
    verified_ = VerifyStore(
        **reader,
        [&](const StoreFinding& finding) {
          EXPECT_FALSE(finding.place.empty() || finding.what.empty() || finding.effect.empty());
          findings.push_back(finding.what);
        },
        [](const VerifyProgress& now) { EXPECT_LE(now.rows, now.all); });
    EXPECT_EQ(verified_.findings, std::ssize(findings));
    // Inspecting ends too, whatever there is.
    const absl::Status inspected = InspectStore(**reader, {}, {}).status();
    EXPECT_TRUE(inspected.ok() || absl::StrContains(inspected.message(), Path())) << inspected;
    return findings;
  }

  // Everything that can be read of the tables; "" where that fails.
  std::string Dump() {
    auto db = Sqlite::OpenReadOnly(Path());
    if (!db.ok()) return "";
    std::string all;
    for (const char* select :
         {"SELECT id || typeof(labels), labels FROM series",
          "SELECT series || typeof(value), value "
          "FROM newest",
          "SELECT id || '/' || series || '/' || max_ms || typeof(value), value FROM "
          "chunks",
          "SELECT seq || typeof(record), record FROM journal"}) {
      auto rows = (*db)->Prepare(select);
      if (!rows.ok()) return "";
      while (true) {
        const auto has_row = rows->Step();
        if (!has_row.ok()) return "";
        if (!*has_row) break;
        StrAppend(&all, rows->Bytes(0), ":", rows->Bytes(1), ";");
      }
    }
    return all;
  }

  // Some `samples` bytes, and the heads of all of SQLite's pages, which say what is on them.
  std::vector<size_t> PlacesToFlip(size_t size, size_t samples) {
    constexpr size_t kPage = 4096, kHead = 12;
    std::vector<size_t> places;
    for (size_t i = 0; i < samples; ++i) places.push_back(random_() % size);
    for (size_t page = 0; page < size; page += kPage) {
      for (size_t i = 0; i < kHead; ++i) places.push_back(page + (page == 0 ? 100 : 0) + i);
    }
    return places;
  }

  // The file with one bit of the byte `at` turned, and no other files.
  void Flip(const std::string& bytes, size_t at) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::string flipped = bytes;
    flipped[at] ^= static_cast<char>(1 << random_() % 8);
    WriteBytes(Path(), flipped);
  }

  VerifiedStore verified_;
};

TEST_F(StoreVerificationTest, AGoodDatabaseIsClean) {
  for (const int rounds : {1, 40}) {
    std::filesystem::remove_all(folder_);
    Make(rounds);
    EXPECT_THAT(Verify(), IsEmpty());
    EXPECT_GE(verified_.series, 5);
    EXPECT_EQ(verified_.journal_records, 2);
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    EXPECT_EQ(storage.Stats().samples, verified_.samples);
    EXPECT_EQ((*durable)->Stats().chunks, verified_.chunks);
  }
}

TEST_F(StoreVerificationTest, FindingsNameWhatIsWrong) {
  Make(30);
  const auto after = [&](const std::string& sql) {
    const std::string bytes = ReadBytes(Path());
    Run(sql);
    std::vector<std::string> findings = Verify();
    WriteBytes(Path(), bytes);
    return findings;
  };
  EXPECT_THAT(after("UPDATE chunks SET series = 1 WHERE id = 1"),
              ElementsAre("its checksum does not match"));
  EXPECT_THAT(after("UPDATE chunks SET series = 99 WHERE id = 1"),
              ElementsAre("there is no such series"));
  EXPECT_THAT(after("UPDATE chunks SET max_ms = 5 WHERE id = 2"),
              ElementsAre(HasSubstr("its column max_ms is 5, and its value ends at ")));
  EXPECT_THAT(after("INSERT INTO chunks (series, max_ms, value) SELECT series, max_ms, value FROM "
                    "chunks WHERE id = 1"),
              ElementsAre(HasSubstr("before the end of the chunk before it")));
  EXPECT_THAT(after("UPDATE chunks SET value = CAST(value AS TEXT) WHERE id = 2"),
              testing::Contains("its value is stored as another type than BLOB"));
  EXPECT_THAT(after("UPDATE newest SET value = x'0100' WHERE series = 2"),
              ElementsAre("it ends early"));
  EXPECT_THAT(after("DELETE FROM series WHERE id = 5"),
              testing::Contains("there is no such series"));
  EXPECT_THAT(after("DELETE FROM series WHERE id = 0"),
              ElementsAre("ids have no gaps, and series 0 is missing before it"));
  EXPECT_THAT(
      after("UPDATE series SET labels = (SELECT labels FROM series WHERE id = 0) WHERE id = 1"),
      ElementsAre(HasSubstr("series 0 has the same labels, m")));
  EXPECT_THAT(after("UPDATE series SET labels = x'0011223344556677' WHERE id = 3"),
              ElementsAre("labels: their checksum does not match"));
  EXPECT_THAT(after("INSERT INTO journal (seq, record) SELECT 9, record FROM journal WHERE seq = "
                    "(SELECT max(seq) FROM journal)"),
              ElementsAre(HasSubstr("is missing before it")));
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(StoreVerificationTest, ASummaryThatIsWrongIsFound) {
  SampleBuffer samples;
  for (int i = 0; i < 1024; ++i) samples.Append(1000 * i, (i % 300) * 0.1, nullptr, 0);
  const StoredChunk good = *StoredChunk::Make(samples.View());
  std::vector<Reset> resets;
  for (uint64_t at = 300; at < 1024; at += 300) resets.push_back({at, 299 * 0.1});
  const auto faults = [&](auto change) {
    auto chunk = std::make_shared<StoredChunk>(good);
    ChunkRow row{nullptr, resets, true};
    change(*chunk, row);
    row.chunk = chunk;
    SampleBuffer buffer;
    std::vector<std::string> texts;
    for (const ChunkFault& fault : CheckChunk(row, buffer)) texts.push_back(fault.what);
    return texts;
  };
  using Chunk = StoredChunk;
  EXPECT_THAT(faults([](Chunk&, ChunkRow&) {}), IsEmpty());
  EXPECT_THAT(faults([](Chunk& c, ChunkRow&) { c.summary.sum.sum *= 1 + 1e-14; }), IsEmpty());
  EXPECT_THAT(faults([](Chunk& c, ChunkRow&) { c.summary.sum.sum *= 1 + 1e-10; }),
              ElementsAre(HasSubstr("the summary's sum is ")));
  EXPECT_THAT(faults([](Chunk& c, ChunkRow&) { c.summary.squares *= 1 + 1e-10; }),
              ElementsAre(HasSubstr("the summary's squared distances is ")));
  EXPECT_THAT(faults([](Chunk& c, ChunkRow&) { c.summary.changes = 7; }),
              ElementsAre("the summary's number of changes is 7, its samples give 1023"));
  EXPECT_THAT(faults([](Chunk& c, ChunkRow&) { c.summary.count = 1000; }),
              ElementsAre("the summary's count is 1000, its samples give 1024"));
  EXPECT_THAT(faults([](Chunk& c, ChunkRow&) { c.summary.min_ms += 1000; }),
              ElementsAre(HasSubstr("the time of the summary's least value is ")));
  EXPECT_THAT(
      faults([](Chunk& c, ChunkRow&) { c.summary.max = 30; }),
      ElementsAre("the summary's largest value is 30, its samples give 29.900000000000002"));
  EXPECT_THAT(faults([](Chunk& c, ChunkRow&) { c.summary.has_sums = false; }),
              ElementsAre("the summary's flag for sums is 0, its samples give 1"));
  EXPECT_THAT(faults([](Chunk& c, ChunkRow&) { c.has_markers = true; }),
              ElementsAre("the flag for staleness markers is 1, its samples give 0"));
  EXPECT_THAT(faults([](Chunk&, ChunkRow& row) { row.resets.pop_back(); }),
              ElementsAre("the list of 2 resets is not that of its samples, 3 resets"));
  EXPECT_THAT(faults([](Chunk&, ChunkRow& row) { row.resets[0].before += 1e-9; }),
              ElementsAre("the list of 3 resets is not that of its samples, 3 resets"));
  EXPECT_THAT(faults([](Chunk& c, ChunkRow&) { c.bytes.pop_back(); }),
              ElementsAre(HasSubstr("cut or malformed")));
}

// Summaries are made of parts as samples come; each must be what one scan of its samples makes.
TEST_F(StoreVerificationTest, SummariesOfManyKindsOfValues) {
  const double scales[] = {1, 1e-300, 1e300, 1e15, 0.1};
  {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    for (int round = 0; round < 40; ++round) {
      auto appender = storage.NewAppender();
      for (int i = 0; i < 97; ++i) {
        time_ms_ += 1000;
        for (int k = 0; k < 5; ++k) {
          const double value = scales[k] * (1 + static_cast<double>(random_() % 1000) * 1e-6);
          const double sign = k == 4 && random_() % 2 == 0 ? -1 : 1;
          ASSERT_TRUE(appender->Append(Named(StrCat("x", k)), time_ms_, sign * value).ok());
        }
        const double odd = i % 31 == 0 ? std::numeric_limits<double>::infinity() : i % 7 - 3.0;
        ASSERT_TRUE(appender->Append(Named("odd"), time_ms_, i % 30 == 0 ? NAN : odd).ok());
      }
      ASSERT_TRUE(appender->Commit().ok());
    }
  }
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_GT(verified_.chunks, 12);
}

// Chunks that are floats only, after others that are not: resets are counted among floats only.
TEST_F(StoreVerificationTest, ResetsAfterStarts) {
  int i = 0;
  for (const bool has_starts : {true, false, false}) {
    MemoryStorage storage(MemoryOptions());
    auto durable = DurableStorage::Open(Path(), {}, storage);
    ASSERT_TRUE(durable.ok());
    auto appender = storage.NewAppender();
    for (const int end = i + 3000; i < end; ++i) {
      const int64_t start_ms = has_starts ? 1 + i / 200 : 0;
      ASSERT_TRUE(appender->AppendStarted(Named("m"), 1000 * i, start_ms, i % 200, nullptr).ok());
    }
    ASSERT_TRUE(appender->Commit().ok());
  }
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_EQ(verified_.chunks, 8);
  EXPECT_EQ(verified_.samples, 9000);
}

TEST_F(StoreVerificationTest, BesideAServer) {
  MemoryStorage storage(MemoryOptions());
  auto durable = DurableStorage::Open(Path(), {}, storage);
  ASSERT_TRUE(durable.ok());
  Fill(storage, 10);
  const auto reader = StoreReader::Open(Path());
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_TRUE((*reader)->is_in_use());
  EXPECT_GT((*reader)->wal_bytes(), 0);
  const int64_t samples = storage.Stats().samples;
  // What is committed meanwhile does not show, and commits and checkpoints go on.
  Fill(storage, 5);
  ASSERT_TRUE((*durable)->Checkpoint().ok());
  EXPECT_EQ(VerifyStore(**reader, [](const StoreFinding& f) { FAIL() << f.what; }, {}).samples,
            samples);
  const auto found = InspectStore(**reader, {}, {});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->journal.samples, samples);
}

TEST_F(StoreVerificationTest, InspectionCountsWhatIsThere) {
  Make(40);
  MemoryStorage storage(MemoryOptions());
  StoreInspection found;
  {
    const auto reader = StoreReader::Open(Path());
    ASSERT_TRUE(reader.ok());
    const auto inspected = InspectStore(**reader, {}, {});
    ASSERT_TRUE(inspected.ok());
    found = *inspected;
    EXPECT_FALSE((*reader)->is_in_use());
  }
  const auto durable = DurableStorage::Open(Path(), {}, storage);
  ASSERT_TRUE(durable.ok());
  EXPECT_EQ(found.chunks.samples + found.newest.samples + found.journal.samples,
            storage.Stats().samples);
  EXPECT_LE(found.samples(), storage.Stats().samples);
  EXPECT_EQ(found.series.rows, 6);
  EXPECT_EQ(found.series_with_samples, 6);
  EXPECT_EQ(found.unreadable, 0);
  EXPECT_EQ(found.max_ms, storage.Stats().max_time_ms);
  EXPECT_EQ(found.min_ms, storage.Stats().min_time_ms);
  int64_t bytes = 0, times = 0;
  for (const PartUse& part : found.parts) {
    bytes += part.bytes;
    if (part.part == "times") times += part.samples;
  }
  EXPECT_EQ(times, found.chunks.samples + found.newest.samples);
  // Newest samples have a checksum and sizes beside their chunks.
  EXPECT_LE(bytes, found.chunks.bytes + found.newest.bytes);
  EXPECT_GE(bytes, found.chunks.bytes + found.newest.bytes - 15 * found.newest.rows);
  EXPECT_EQ(found.labels_by_values.front().name, "__name__");
  EXPECT_EQ(found.labels_by_values.front().values, 6);
  EXPECT_EQ(found.pairs_by_series.front().name, "a=b");
  EXPECT_EQ(found.pairs_by_series.front().series, 6);
  const SeriesFigures memory = storage.Stats().memory;
  EXPECT_LE(memory.head_samples + 1024 * found.chunks.rows, storage.Stats().samples);
  EXPECT_GE(memory.chunks, found.chunks.rows);
}

// Whatever bit is turned: verifying ends, and tells it where the tables give something else.
TEST_F(StoreVerificationTest, EveryFlipThatChangesRowsIsFound) {
  Make(4);
  const std::string bytes = ReadBytes(Path()), good = Dump();
  ASSERT_FALSE(good.empty());
  int changed = 0, told = 0;
  for (const size_t at : PlacesToFlip(bytes.size(), 2000)) {
    Flip(bytes, at);
    const bool is_changed = Dump() != good;
    const std::vector<std::string> findings = Verify();
    changed += is_changed ? 1 : 0;
    told += findings.empty() ? 0 : 1;
    EXPECT_TRUE(!is_changed || !findings.empty()) << "byte " << at;
  }
  EXPECT_GT(changed, 250);
  std::cout << changed << " flips changed rows, " << told << " were told\n";
}

// And a server never serves anything that was not committed, nor loses anything without a word.
TEST_F(StoreVerificationTest, AServerOfAFlippedDatabaseServesNothingWrong) {
  Make(4);
  const std::string bytes = ReadBytes(Path());
  AllSamples good;
  {
    MemoryStorage storage(MemoryOptions());
    ASSERT_TRUE(DurableStorage::Open(Path(), {}, storage).ok());
    good = All(storage);
  }
  DurableOptions options;
  options.sync = StorageSync::kOff;
  int refused = 0, told = 0;
  for (const size_t at : PlacesToFlip(bytes.size(), 500)) {
    Flip(bytes, at);
    MemoryStorage storage(MemoryOptions());
    const auto durable = DurableStorage::Open(Path(), options, storage);
    if (!durable.ok()) {
      ++refused;
      continue;
    }
    const bool is_told = !(*durable)->problems().empty();
    EXPECT_EQ((*durable)->Stats().problems, std::ssize((*durable)->problems()));
    told += is_told ? 1 : 0;
    const AllSamples now = All(storage);
    EXPECT_TRUE(is_told || now == good) << "byte " << at << ": samples are missing without a word";
    for (const auto& [series, samples] : now) {
      const auto& before = good[series];
      EXPECT_TRUE(std::includes(before.begin(), before.end(), samples.begin(), samples.end()))
          << "byte " << at << ": " << series;
    }
  }
  std::cout << refused << " databases were refused, " << told << " opened with problems\n";
}

}  // namespace
}  // namespace sloburn
