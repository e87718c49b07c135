// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/database_loader.h"

#include <cstring>
#include <iterator>

#include "absl/strings/str_replace.h"
#include "base/crc32c.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/storage/chunk/chunk_codec.h"
#include "engine/storage/chunk_row.h"
#include "engine/storage/durable/schema.h"
#include "engine/storage/durable/tick_tables.h"
#include "engine/storage/journal_record.h"

namespace sloburn {

struct DatabaseLoader::Table {
  const char* name;
  const char* key;
  const char* value;
};

namespace {

// The distance of all samples of the chunks, where it is the same; otherwise 0.
int64_t CommonInterval(const std::vector<StoredChunkPtr>& chunks) {
  int64_t interval = 0, last_ms = 0;
  for (const StoredChunkPtr& chunk : chunks) {
    const int64_t own = chunk->interval_ms;
    const bool is_first = chunk == chunks.front();
    if (own == 0 || (!is_first && (own != interval || chunk->min_ms - last_ms != interval))) return 0;
    interval = own;
    last_ms = chunk->max_ms;
  }
  return interval;
}

// All resets of a series' chunks, positions from the first one's first float on. Those between two
// chunks are found anew, for one may be missing between them.
std::vector<Reset> JoinResets(const std::vector<ChunkRow>& rows) {
  std::vector<Reset> resets;
  uint64_t floats = 0;
  double newest = 0;
  for (const ChunkRow& row : rows) {
    const ChunkSummary& summary = row.chunk->summary;
    if (summary.count == 0) continue;
    if (floats > 0 && summary.first < newest) resets.push_back({floats, newest});
    for (const Reset& reset : row.resets) {
      if (reset.position > 0) resets.push_back({floats + reset.position, reset.before});
    }
    floats += summary.count;
    newest = summary.last;
  }
  return resets;
}

}  // namespace

constexpr DatabaseLoader::Table DatabaseLoader::kChunks = {"chunks", "id", "value"};
constexpr DatabaseLoader::Table DatabaseLoader::kNewest = {"newest", "series", "value"};
constexpr DatabaseLoader::Table DatabaseLoader::kJournal = {"journal", "seq", "record"};
constexpr DatabaseLoader::Table DatabaseLoader::kValues = {"named_values", "id", "value"};
constexpr DatabaseLoader::Table DatabaseLoader::kOutbox = {"outbox", "seq", "record"};

std::string EncodeSeriesRow(const Labels& labels) {
  const uint32_t crc = Crc32c(labels.bytes());
  std::string value(reinterpret_cast<const char*>(&crc), sizeof crc);
  value += labels.bytes();
  return value;
}

absl::StatusOr<Labels> DecodeSeriesRow(std::string_view value) {
  uint32_t crc;
  if (value.size() <= sizeof crc) return absl::DataLossError("they end early");
  std::memcpy(&crc, value.data(), sizeof crc);
  value.remove_prefix(sizeof crc);
  if (crc != Crc32c(value)) return absl::DataLossError("their checksum does not match");
  return Labels::ParseBytes(value);
}

absl::Status DatabaseLoader::Load() {
  RETURN_IF_ERROR(CheckPages());
  RETURN_IF_ERROR(LoadSeries());
  RETURN_IF_ERROR(LoadChunks());
  RETURN_IF_ERROR(LoadNewest());
  for (uint32_t id = 0; id < rows_.size(); ++id) {
    if (!rows_[id].is_restored) ReopenLastChunk(id);
  }
  RETURN_IF_ERROR(ReplayJournal());
  RETURN_IF_ERROR(LoadValues());
  RETURN_IF_ERROR(LoadOutbox());
  if (!is_broken) RETURN_IF_ERROR(Mend());
  storage_.EndRestore();
  return absl::OkStatus();
}

// SQLite's pages have no checksums, and it reads what is left of a damaged one without a word.
absl::Status DatabaseLoader::CheckPages() {
  const absl::StatusOr<std::string> check = QuickCheck(db_);
  if (!check.ok() && !absl::IsDataLoss(check.status())) return check.status();
  const std::string found = check.ok() ? *check : std::string(check.status().message());
  is_broken = found != "ok";
  if (is_broken) {
    problems.push_back(StrCat(db_.path(), ": pages are damaged, so that samples may be missing: ",
                              absl::StrReplaceAll(found, {{"\n", " "}})));
  }
  return absl::OkStatus();
}

absl::Status DatabaseLoader::LoadSeries() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT id, labels FROM series ORDER BY id"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) break;
    // Ids are places in a list: without one of them no other can be trusted.
    if (rows.Int(0) != std::ssize(rows_)) {
      return absl::DataLossError(StrCat(db_.path(), ": series ", rows_.size(), " is missing"));
    }
    SeriesRows& made = rows_.emplace_back();
    const absl::StatusOr<Labels> labels = DecodeSeriesRow(rows.Bytes(1));
    made.is_damaged = !labels.ok() || !storage_.RestoreSeries(*labels);
    if (!made.is_damaged) continue;
    const std::string reason(labels.ok() ? "another series has them" : labels.status().message());
    problems.push_back(StrCat(db_.path(), ": the labels of series ", rows.Int(0),
                              " are damaged; its samples are not served: ", reason));
    storage_.RestoreSeries(Labels::FromPairs(
        {{std::string(kMetricName), "sloburn_damaged_series"}, {"id", StrCat(rows.Int(0))}}));
  }
  persisted.resize(rows_.size());
  return absl::OkStatus();
}

bool DatabaseLoader::IsKnown(int64_t series) const {
  return series >= 0 && series < std::ssize(rows_);
}

absl::Status DatabaseLoader::LoadChunks() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT id, series, value, max_ms FROM chunks"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) return absl::OkStatus();
    ++chunks;
    const int64_t series = rows.Int(1);
    if (IsKnown(series) && rows_[series].is_damaged) continue;
    absl::StatusOr<ChunkRow> row = absl::DataLossError("there is no such series");
    if (IsKnown(series)) {
      row = DecodeChunkRow(static_cast<uint32_t>(series), rows.Bytes(2));
      const std::vector<ChunkRow>& before = rows_[series].chunks;
      if (row.ok() && !before.empty() && row->chunk->min_ms <= before.back().chunk->max_ms) {
        row = absl::DataLossError("it overlaps the chunk before it");
      }
    }
    if (row.ok()) {
      NoteTime(rows.Int(0), rows.Int(3), *row->chunk);
      rows_[series].chunks.push_back(*std::move(row));
      rows_[series].chunk_keys.push_back(rows.Int(0));
    } else {
      Condemn(kChunks, rows.Int(0), StrCat("a chunk of series ", series), row.status());
    }
  }
}

// Retention goes by the column, which no checksum covers.
void DatabaseLoader::NoteTime(int64_t key, int64_t max_ms, const StoredChunk& chunk) {
  if (max_ms == chunk.max_ms) return;
  is_broken = true;
  problems.push_back(StrCat(db_.path(), ": row ", key, " of chunks has the time ", max_ms,
                            ", but its samples end at ", chunk.max_ms));
}

absl::Status DatabaseLoader::LoadNewest() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT series, value FROM newest"));
  SampleBuffer buffer;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) return absl::OkStatus();
    const int64_t series = rows.Int(0);
    if (IsKnown(series) && rows_[series].is_damaged) continue;
    buffer.Clear();
    absl::Status status = absl::DataLossError("there is no such series");
    if (IsKnown(series)) {
      status = DecodeNewestSamples(static_cast<uint32_t>(series), rows.Bytes(1), buffer);
    }
    if (status.ok()) {
      Restore(static_cast<uint32_t>(series), buffer);
    } else {
      Condemn(kNewest, series, StrCat("the newest samples of series ", series), status);
    }
  }
}

// Without its newest samples a series has no head to go on from: the last chunk becomes that.
void DatabaseLoader::ReopenLastChunk(uint32_t id) {
  SeriesRows& rows = rows_[id];
  SampleBuffer newest;
  while (newest.timestamps.empty() && !rows.chunks.empty()) {
    const StoredChunkPtr last = rows.chunks.back().chunk;
    const int64_t key = rows.chunk_keys.back();
    rows.chunks.pop_back();
    rows.chunk_keys.pop_back();
    if (absl::Status status = DecodeChunk(last->bytes, newest); status.ok()) {
      reopened_.push_back({id, key, EncodeNewestSamples(id, {last->bytes})});
    } else {
      Condemn(kChunks, key, StrCat("a chunk of series ", id), status);
    }
  }
  Restore(id, newest);
}

void DatabaseLoader::Restore(uint32_t id, const SampleBuffer& newest) {
  SeriesRows& rows = rows_[id];
  std::vector<StoredChunkPtr> chunks;
  bool keeps_resets = true;
  for (const ChunkRow& row : rows.chunks) {
    chunks.push_back(row.chunk);
    keeps_resets &= row.keeps_resets;
    persisted[id].samples += row.chunk->samples;
  }
  storage_.RestoreChunks(id, chunks, JoinResets(rows.chunks), keeps_resets,
                         CommonInterval(chunks));
  storage_.RestoreSamples(id, newest.View());
  rows.is_restored = true;
  rows.chunks = {};
  rows.chunk_keys = {};
}

absl::Status DatabaseLoader::ReplayJournal() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT seq, record FROM journal ORDER BY seq"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) return absl::OkStatus();
    const std::string_view record = rows.Bytes(1);
    journal_bytes += std::ssize(record);
    bool is_known = true;
    const absl::Status status =
        DecodeJournalRecord(record, [&](uint32_t series, const SampleView& samples) {
          is_known = is_known && IsKnown(series);
          if (IsKnown(series) && !rows_[series].is_damaged) {
            storage_.RestoreSamples(series, samples);
          }
        });
    if (!is_known) {
      // The next new series would get its id, and its samples.
      is_broken = true;
      problems.push_back(StrCat(db_.path(), ": commit ", rows.Int(0),
                                " of the journal has samples of a series that is missing"));
    }
    if (!status.ok()) {
      Condemn(kJournal, rows.Int(0), StrCat("commit ", rows.Int(0), " of the journal"), status);
    }
  }
}

absl::Status DatabaseLoader::LoadValues() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT id, name, value FROM named_values"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) return absl::OkStatus();
    absl::StatusOr<NamedValue> value = DecodeNamedValue(rows.Bytes(1), rows.Bytes(2));
    if (value.ok()) {
      values.push_back(*std::move(value));
    } else {
      Condemn(kValues, rows.Int(0), StrCat("the value ", GoQuote(rows.Bytes(1))), value.status());
    }
  }
}

absl::Status DatabaseLoader::LoadOutbox() {
  std::vector<std::string> damaged;
  ASSIGN_OR_RETURN(outbox.readers, ReadOutboxReaders(db_, damaged));
  for (const std::string& name : damaged) {
    problems.push_back(StrCat(db_.path(), ": the place of ", name,
                              " in the outbox is damaged: what is there is sent again"));
  }
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT seq, record FROM outbox ORDER BY seq"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) return absl::OkStatus();
    OutboxEntry entry;
    entry.seq = rows.Int(0);
    entry.record = rows.Bytes(1);
    bool is_known = true;
    absl::Status status =
        DecodeJournalRecord(entry.record, [&](uint32_t series, const SampleView& samples) {
          is_known &= IsKnown(series) && !rows_[series].is_damaged;
          entry.samples += static_cast<int64_t>(samples.size);
        });
    if (status.ok() && !is_known) {
      status = absl::DataLossError("it has samples of a series that is not known");
    }
    if (status.ok()) {
      outbox.entries.push_back(std::move(entry));
    } else {
      Condemn(kOutbox, entry.seq, StrCat("entry ", entry.seq, " of the outbox"), status);
    }
  }
}

void DatabaseLoader::Condemn(const Table& table, int64_t key, const std::string& what,
                             const absl::Status& reason) {
  const std::string text(reason.message());
  problems.push_back(StrCat(db_.path(), ": ", what, " is damaged and was set aside: ", text));
  condemned_.push_back({&table, key, text});
}

// Once nothing reads the tables any more.
absl::Status DatabaseLoader::Mend() {
  if (condemned_.empty() && reopened_.empty()) return absl::OkStatus();
  chunks -= std::ssize(reopened_);
  return db_.Transact([this]() -> absl::Status {
    for (const Condemned& one : condemned_) {
      const Table& table = *one.table;
      const std::string where = StrCat(" WHERE ", table.key, " = ?1");
      ASSIGN_OR_RETURN(
          SqliteStatement move,
          db_.Prepare(StrCat("INSERT INTO quarantine (origin, key, reason, value) SELECT '",
                             table.name, "', ", table.key, ", ?2, ", table.value, " FROM ",
                             table.name, where)));
      RETURN_IF_ERROR(move.Run(one.key, std::string_view(one.reason)));
      ASSIGN_OR_RETURN(SqliteStatement erase,
                       db_.Prepare(StrCat("DELETE FROM ", table.name, where)));
      RETURN_IF_ERROR(erase.Run(one.key));
    }
    for (const Reopened& one : reopened_) {
      ASSIGN_OR_RETURN(SqliteStatement put,
                       db_.Prepare("REPLACE INTO newest (series, value) VALUES (?, ?)"));
      RETURN_IF_ERROR(put.Run(int64_t{one.series}, std::string_view(one.newest)));
      ASSIGN_OR_RETURN(SqliteStatement erase, db_.Prepare("DELETE FROM chunks WHERE id = ?"));
      RETURN_IF_ERROR(erase.Run(one.chunk_key));
    }
    return absl::OkStatus();
  });
}

}  // namespace sloburn
