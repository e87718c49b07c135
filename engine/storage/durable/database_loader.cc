// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/database_loader.h"

#include <cstring>
#include <iterator>

#include "base/crc32c.h"
#include "base/str_cat.h"
#include "engine/storage/chunk/chunk_codec.h"
#include "engine/storage/chunk_row.h"
#include "engine/storage/journal_record.h"

namespace sloburn {
namespace {

struct Table {
  const char* name;
  const char* key;
  const char* value;
};
constexpr Table kChunks = {"chunks", "id", "value"};
constexpr Table kNewest = {"newest", "series", "value"};
constexpr Table kJournal = {"journal", "seq", "record"};

// The distance of all samples of the chunks, where it is the same; otherwise 0.
int64_t CommonInterval(const std::vector<StoredChunkPtr>& chunks) {
  int64_t interval = 0, last_ms = 0;
  for (const StoredChunkPtr& chunk : chunks) {
    const auto info = InspectChunk(chunk->bytes);
    const int64_t own = info.ok() ? info->interval_ms : 0;
    const bool is_first = chunk == chunks.front();
    if (own == 0 || (!is_first && (own != interval || chunk->min_ms - last_ms != interval))) return 0;
    interval = own;
    last_ms = chunk->max_ms;
  }
  return interval;
}

// The rows of one series, in order of time.
struct SeriesChunks {
  std::vector<StoredChunkPtr> chunks;
  std::vector<Reset> resets;  // positions from the first chunk's first float on
  uint64_t floats = 0;
  bool keeps_resets = true;

  void Add(ChunkRow row) {
    keeps_resets &= row.keeps_resets;
    for (const Reset& reset : row.resets) {
      resets.push_back({floats + reset.position, reset.before});
    }
    floats += row.chunk->summary.count;
    chunks.push_back(std::move(row.chunk));
  }
};

}  // namespace

std::string EncodeSeriesRow(const Labels& labels) {
  const uint32_t crc = Crc32c(labels.bytes());
  std::string value(reinterpret_cast<const char*>(&crc), sizeof crc);
  value += labels.bytes();
  return value;
}

absl::Status DatabaseLoader::Load() {
  RETURN_IF_ERROR(LoadSeries());
  RETURN_IF_ERROR(LoadChunks());
  RETURN_IF_ERROR(LoadNewest());
  RETURN_IF_ERROR(ReplayJournal());
  RETURN_IF_ERROR(QuarantineAll());
  storage_.EndRestore();
  return absl::OkStatus();
}

absl::Status DatabaseLoader::LoadSeries() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT id, labels FROM series ORDER BY id"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) return absl::OkStatus();
    const std::string_view value = rows.Bytes(1);
    uint32_t crc = 0;
    if (value.size() > sizeof crc) std::memcpy(&crc, value.data(), sizeof crc);
    const std::string_view bytes = value.substr(std::min(value.size(), sizeof crc));
    // Ids are places in a list: without one of them no other can be trusted.
    if (rows.Int(0) != std::ssize(persisted) || value.size() <= sizeof crc ||
        crc != Crc32c(bytes)) {
      return absl::DataLossError(
          StrCat(db_.path(), ": the labels of series ", persisted.size(), " are damaged"));
    }
    storage_.RestoreSeries(Labels::FromBytes(bytes));
    persisted.emplace_back();
  }
}

absl::Status DatabaseLoader::LoadChunks() {
  std::vector<SeriesChunks> of_series(persisted.size());
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT id, series, value FROM chunks"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) break;
    ++chunks;
    const int64_t series = rows.Int(1);
    absl::StatusOr<ChunkRow> row = absl::DataLossError("there is no such series");
    if (series >= 0 && series < std::ssize(persisted)) {
      row = DecodeChunkRow(static_cast<uint32_t>(series), rows.Bytes(2));
      const std::vector<StoredChunkPtr>& before = of_series[series].chunks;
      if (row.ok() && !before.empty() && row->chunk->min_ms <= before.back()->max_ms) {
        row = absl::DataLossError("it overlaps the chunk before it");
      }
    }
    if (row.ok()) {
      of_series[series].Add(*std::move(row));
    } else {
      Condemn("chunks", rows.Int(0), StrCat("a chunk of series ", series), row.status());
    }
  }
  for (size_t id = 0; id < of_series.size(); ++id) {
    SeriesChunks& found = of_series[id];
    for (const StoredChunkPtr& chunk : found.chunks) persisted[id].samples += chunk->samples;
    storage_.RestoreChunks(static_cast<uint32_t>(id), found.chunks, found.resets,
                           found.keeps_resets, CommonInterval(found.chunks));
    found = {};
  }
  return absl::OkStatus();
}

absl::Status DatabaseLoader::LoadNewest() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT series, value FROM newest"));
  SampleBuffer buffer;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) return absl::OkStatus();
    const int64_t series = rows.Int(0);
    buffer.Clear();
    absl::Status status = absl::DataLossError("there is no such series");
    if (series >= 0 && series < std::ssize(persisted)) {
      status = DecodeNewestSamples(static_cast<uint32_t>(series), rows.Bytes(1), buffer);
    }
    if (status.ok()) {
      storage_.RestoreSamples(static_cast<uint32_t>(series), buffer.View());
    } else {
      Condemn("newest", series, StrCat("the newest samples of series ", series), status);
    }
  }
}

absl::Status DatabaseLoader::ReplayJournal() {
  ASSIGN_OR_RETURN(SqliteStatement rows, db_.Prepare("SELECT seq, record FROM journal ORDER BY seq"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) return absl::OkStatus();
    const std::string_view record = rows.Bytes(1);
    journal_bytes += std::ssize(record);
    const absl::Status status =
        DecodeJournalRecord(record, [this](uint32_t series, const SampleView& samples) {
          if (series < persisted.size()) storage_.RestoreSamples(series, samples);
        });
    if (!status.ok()) {
      Condemn("journal", rows.Int(0), StrCat("commit ", rows.Int(0), " of the journal"), status);
    }
  }
}

void DatabaseLoader::Condemn(const char* table, int64_t key, const std::string& what,
                             const absl::Status& reason) {
  const std::string text(reason.message());
  problems.push_back(StrCat(db_.path(), ": ", what, " is damaged and was set aside: ", text));
  condemned_.push_back({table, key, text});
}

// Once nothing reads the tables any more.
absl::Status DatabaseLoader::QuarantineAll() {
  if (condemned_.empty()) return absl::OkStatus();
  return db_.Transact([this]() -> absl::Status {
    for (const Condemned& one : condemned_) {
      for (const Table& table : {kChunks, kNewest, kJournal}) {
        if (std::string_view(table.name) != one.table) continue;
        ASSIGN_OR_RETURN(
            SqliteStatement move,
            db_.Prepare(StrCat("INSERT INTO quarantine (origin, key, reason, value) SELECT '",
                               table.name, "', ", table.key, ", ?2, ", table.value, " FROM ",
                               table.name, " WHERE ", table.key, " = ?1")));
        RETURN_IF_ERROR(move.Run(one.key, std::string_view(one.reason)));
        ASSIGN_OR_RETURN(SqliteStatement erase,
                         db_.Prepare(StrCat("DELETE FROM ", table.name, " WHERE ", table.key,
                                            " = ?1")));
        RETURN_IF_ERROR(erase.Run(one.key));
      }
    }
    return absl::OkStatus();
  });
}

}  // namespace sloburn
