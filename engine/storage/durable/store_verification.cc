// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/store_verification.h"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/model/labels.h"
#include "engine/storage/chunk_check.h"
#include "engine/storage/chunk_row.h"
#include "engine/storage/durable/database_loader.h"
#include "engine/storage/durable/tick_tables.h"
#include "engine/storage/journal_record.h"

namespace sloburn {
namespace {

constexpr const char* kSetAside =
    "the server sets it aside (table quarantine) and does not serve it";
constexpr const char* kTrusted =
    "the server trusts it: windows that take in the whole chunk are answered wrongly; delete the "
    "row and report this as a bug";
constexpr const char* kMovedAway =
    "the server does not start: it renames the database to sloburn.db.damaged-<time>, and the next "
    "start begins a new one; sqlite3 sloburn.db .recover may save more";
constexpr const char* kRefused =
    "the server does not start and leaves the database as it is; sqlite3 sloburn.db .recover may "
    "save it";
constexpr const char* kDamagedPages =
    "where SQLite's quick_check finds it too, the server writes all that it can read to a new "
    "database at its start, and says so in its log";
constexpr const char* kAsItIs = "the server takes the value as it is";

class Verifier {
 public:
  Verifier(StoreReader& reader, const std::function<void(const StoreFinding&)>& report,
           const std::function<void(const VerifyProgress&)>& progress)
      : reader_(reader), report_(report), progress_(progress) {}

  VerifiedStore Run() {
    // What cannot be counted is a finding of its table.
    reader_.CountRows(&all_rows_).IgnoreError();
    VerifyLog();
    VerifyTable("pages", &Verifier::VerifyPages);
    VerifyTable("series", &Verifier::VerifyAllLabels);
    VerifyTable("chunks", &Verifier::VerifyChunks);
    VerifyTable("newest", &Verifier::VerifyNewest);
    VerifyTable("journal", &Verifier::VerifyJournal);
    VerifyTable("named_values", &Verifier::VerifyValues);
    VerifyTable("outbox", &Verifier::VerifyOutbox);
    VerifyTable("outbox_readers", &Verifier::VerifyReaders);
    VerifyTable("quarantine", &Verifier::CountQuarantined);
    return found_;
  }

 private:
  struct SeriesState {
    bool has_samples = false;
    int64_t max_ms = 0;  // of its rows so far
  };

  // A step that cannot go on is a finding, and the next one is tried.
  void VerifyTable(const char* table, absl::Status (Verifier::*step)()) {
    table_ = table;
    const absl::Status status = (this->*step)();
    if (!status.ok()) {
      Report(reader_.path(), StrCat("table ", table, ": ", status.message()),
             absl::IsDataLoss(status) ? kMovedAway : kRefused);
    }
  }

  void Report(std::string place, std::string what, std::string effect) {
    ++found_.findings;
    report_({std::move(place), std::move(what), std::move(effect)});
  }

  // "sloburn.db: chunks row 7 (series 2, up{job="a"})"
  std::string Place(int64_t key, int64_t series) {
    return StrCat(reader_.path(), ": ", table_, " row ", key, " (series ", series, Name(series),
                  ")");
  }

  std::string Name(int64_t series) {
    auto find = reader_.db().Prepare("SELECT labels FROM series WHERE id = ?");
    if (!find.ok() || !find->Start(series).ok()) return "";
    const auto has_row = find->Step();
    if (!has_row.ok() || !*has_row) return "";
    const auto labels = DecodeSeriesRow(find->Bytes(0));
    return labels.ok() ? StrCat(", ", labels->ToString()) : "";
  }

  absl::StatusOr<bool> NextRow(SqliteStatement& rows) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (has_row) ++rows_;
    if (progress_ != nullptr) progress_({table_, rows_, std::max(all_rows_, rows_)});
    return has_row;
  }

  bool IsKnown(int64_t series) const { return series >= 0 && series < std::ssize(series_); }

  // SQLite itself does not mind; whoever reads it with other programs may.
  void CheckBlob(const SqliteStatement& rows, int column) {
    if (rows.IsBlob(column)) return;
    Report(StrCat(reader_.path(), ": ", table_, " row ", rows.Int(0)),
           "its value is stored as another type than BLOB", kAsItIs);
  }

  void VerifyLog();
  absl::Status VerifyPages();
  absl::Status VerifyAllLabels();
  absl::Status VerifyLabels(int64_t id, std::string_view value);
  absl::Status VerifyChunks();
  void VerifyChunk(int64_t key, int64_t series, int64_t max_ms, std::string_view value);
  absl::Status VerifyNewest();
  void VerifyNewestOf(int64_t series, std::string_view value);
  absl::Status VerifyJournal();
  void VerifyRecord(int64_t seq, std::string_view record);
  // Databases that no newer server has opened yet have not all tables.
  absl::StatusOr<bool> HasTable();
  absl::Status VerifyValues();
  absl::Status VerifyOutbox();
  absl::Status VerifyReaders();
  absl::StatusOr<bool> WasQuarantined(std::string_view origin, int64_t key);
  absl::Status CountQuarantined();

  StoreReader& reader_;
  const std::function<void(const StoreFinding&)>& report_;
  const std::function<void(const VerifyProgress&)>& progress_;
  const char* table_ = "";
  int64_t rows_ = 0, all_rows_ = 0;
  std::vector<SeriesState> series_;
  std::unordered_map<uint64_t, int64_t> ids_;  // by the hash of the labels
  SampleBuffer buffer_;
  VerifiedStore found_;
};

void Verifier::VerifyLog() {
  const WalCheck& wal = reader_.wal();
  if (wal.lost_commits == 0) return;
  Report(reader_.path() + "-wal",
         StrCat("damaged after ", wal.good_frames, " pages: at least ", wal.lost_commits,
                " commits are lost"),
         "the server copies the log, says so, and goes on with what comes before");
}

absl::Status Verifier::VerifyPages() {
  if (progress_ != nullptr) progress_({table_, 0, all_rows_});
  ASSIGN_OR_RETURN(SqliteStatement rows, reader_.db().Prepare("PRAGMA integrity_check(100)"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) return absl::OkStatus();
    const std::string text(rows.Bytes(0));
    if (text != "ok") Report(reader_.path(), StrCat("SQLite: ", text), kDamagedPages);
  }
}

absl::Status Verifier::VerifyAllLabels() {
  ASSIGN_OR_RETURN(SqliteStatement rows,
                   reader_.db().Prepare("SELECT id, labels FROM series ORDER BY id"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, NextRow(rows));
    if (!has_row) return absl::OkStatus();
    ++found_.series;
    const int64_t id = rows.Int(0);
    if (id != std::ssize(series_)) {
      Report(StrCat(reader_.path(), ": series row ", id),
             StrCat("ids have no gaps, and series ", series_.size(), " is missing before it"),
             kMovedAway);
      // Rows of series that are not there are findings of their own; memory for them is not needed.
      if (id < std::ssize(series_) || id > UINT32_MAX || id > 2 * all_rows_) continue;
      series_.resize(id);
    }
    series_.emplace_back();
    RETURN_IF_ERROR(VerifyLabels(id, rows.Bytes(1)));
    CheckBlob(rows, 1);
  }
}

absl::Status Verifier::VerifyLabels(int64_t id, std::string_view value) {
  const std::string place = StrCat(reader_.path(), ": series row ", id);
  const absl::StatusOr<Labels> labels = DecodeSeriesRow(value);
  if (!labels.ok()) {
    Report(place, StrCat("labels: ", labels.status().message()),
           "the server does not serve the samples of the series");
    return absl::OkStatus();
  }
  const auto [other, is_new] = ids_.emplace(labels->hash(), id);
  if (!is_new) {
    ASSIGN_OR_RETURN(SqliteStatement find,
                     reader_.db().Prepare("SELECT labels FROM series WHERE id = ?"));
    RETURN_IF_ERROR(find.Start(other->second));
    ASSIGN_OR_RETURN(const bool has_row, find.Step());
    if (has_row && find.Bytes(0) == value) {
      Report(place, StrCat("series ", other->second, " has the same labels, ", labels->ToString()),
             "the server does not serve the samples of the later one");
    }
  }
  for (const auto [name, text] : *labels) {
    if (IsValidUtf8(name) && IsValidUtf8(text)) continue;
    Report(StrCat(place, " (", labels->ToString(), ")"),
           StrCat("the label ", GoQuote(name), " is not UTF-8"), kAsItIs);
  }
  return absl::OkStatus();
}

absl::Status Verifier::VerifyChunks() {
  ASSIGN_OR_RETURN(
      SqliteStatement rows,
      reader_.db().Prepare("SELECT id, series, max_ms, value FROM chunks ORDER BY id"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, NextRow(rows));
    if (!has_row) return absl::OkStatus();
    ++found_.chunks;
    VerifyChunk(rows.Int(0), rows.Int(1), rows.Int(2), rows.Bytes(3));
    if (!rows.IsInt(1) || !rows.IsInt(2)) {
      Report(Place(rows.Int(0), rows.Int(1)), "its series or max_ms is no integer", kAsItIs);
    }
    CheckBlob(rows, 3);
  }
}

void Verifier::VerifyChunk(int64_t key, int64_t series, int64_t max_ms, std::string_view value) {
  if (!IsKnown(series)) {
    return Report(Place(key, series), "there is no such series", kSetAside);
  }
  const absl::StatusOr<ChunkRow> row = DecodeChunkRow(static_cast<uint32_t>(series), value);
  if (!row.ok()) {
    return Report(Place(key, series), std::string(row.status().message()), kSetAside);
  }
  const StoredChunk& chunk = *row->chunk;
  SeriesState& state = series_[series];
  if (state.has_samples && chunk.min_ms <= state.max_ms) {
    return Report(Place(key, series),
                  StrCat("it begins at ", chunk.min_ms, ", before the end of the chunk before it, ",
                         state.max_ms),
                  kSetAside);
  }
  state = {true, chunk.max_ms};
  found_.samples += chunk.samples;
  if (max_ms != chunk.max_ms) {
    Report(Place(key, series),
           StrCat("its column max_ms is ", max_ms, ", and its value ends at ", chunk.max_ms),
           "the server writes a new database at its start, with the time of the value");
  }
  for (const ChunkFault& fault : CheckChunk(*row, buffer_)) {
    Report(Place(key, series), fault.what,
           fault.is_unreadable ? "queries that read its samples fail" : kTrusted);
  }
}

absl::Status Verifier::VerifyNewest() {
  ASSIGN_OR_RETURN(SqliteStatement rows,
                   reader_.db().Prepare("SELECT series, value FROM newest ORDER BY series"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, NextRow(rows));
    if (!has_row) return absl::OkStatus();
    VerifyNewestOf(rows.Int(0), rows.Bytes(1));
    CheckBlob(rows, 1);
  }
}

void Verifier::VerifyNewestOf(int64_t series, std::string_view value) {
  if (!IsKnown(series)) {
    return Report(Place(series, series), "there is no such series", kSetAside);
  }
  buffer_.Clear();
  const absl::Status status = DecodeNewestSamples(static_cast<uint32_t>(series), value, buffer_);
  if (!status.ok()) {
    return Report(Place(series, series), std::string(status.message()),
                  StrCat(kSetAside, "; the series goes on after its last chunk"));
  }
  found_.samples += std::ssize(buffer_.timestamps);
  const SeriesState& state = series_[series];
  if (state.has_samples && !buffer_.timestamps.empty() && buffer_.timestamps[0] <= state.max_ms) {
    Report(Place(series, series),
           StrCat("its samples begin at ", buffer_.timestamps[0],
                  ", before the end of the last chunk, ", state.max_ms),
           "the server takes only the samples after the chunk");
  }
}

absl::StatusOr<bool> Verifier::WasQuarantined(std::string_view origin, int64_t key) {
  ASSIGN_OR_RETURN(SqliteStatement find,
                   reader_.db().Prepare(StrCat("SELECT 1 FROM quarantine WHERE origin = '", origin,
                                               "' AND key = ?")));
  RETURN_IF_ERROR(find.Start(key));
  return find.Step();
}

absl::Status Verifier::VerifyJournal() {
  ASSIGN_OR_RETURN(SqliteStatement rows,
                   reader_.db().Prepare("SELECT seq, record FROM journal ORDER BY seq"));
  for (int64_t before = 0;;) {
    ASSIGN_OR_RETURN(const bool has_row, NextRow(rows));
    if (!has_row) return absl::OkStatus();
    const int64_t seq = rows.Int(0);
    if (found_.journal_records++ > 0 && seq != before + 1) {
      ASSIGN_OR_RETURN(const bool is_known, WasQuarantined("journal", before + 1));
      if (!is_known) {
        Report(StrCat(reader_.path(), ": journal row ", seq),
               StrCat("record ", before + 1, " is missing before it"),
               "the server takes the records that are there; what the missing ones had is lost");
      }
    }
    before = seq;
    VerifyRecord(seq, rows.Bytes(1));
    CheckBlob(rows, 1);
  }
}

void Verifier::VerifyRecord(int64_t seq, std::string_view record) {
  const std::string place = StrCat(reader_.path(), ": journal row ", seq);
  const absl::Status status = DecodeJournalRecord(record, [&](uint32_t series,
                                                              const SampleView& samples) {
    found_.samples += static_cast<int64_t>(samples.size);
    if (IsKnown(series)) return;
    Report(place,
           StrCat("there is no series ", series, ", which it has ", samples.size, " samples of"),
           "the server leaves these out");
  });
  if (!status.ok()) Report(place, std::string(status.message()), kSetAside);
}

absl::StatusOr<bool> Verifier::HasTable() {
  ASSIGN_OR_RETURN(const int64_t tables,
                   reader_.db().QueryInt(StrCat(
                       "SELECT count(*) FROM sqlite_schema WHERE name = '", table_, "'")));
  return tables > 0;
}

absl::Status Verifier::VerifyValues() {
  ASSIGN_OR_RETURN(const bool is_there, HasTable());
  if (!is_there) return absl::OkStatus();
  ASSIGN_OR_RETURN(SqliteStatement rows,
                   reader_.db().Prepare("SELECT id, name, value FROM named_values ORDER BY id"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, NextRow(rows));
    if (!has_row) return absl::OkStatus();
    const absl::StatusOr<NamedValue> value = DecodeNamedValue(rows.Bytes(1), rows.Bytes(2));
    if (!value.ok()) {
      Report(StrCat(reader_.path(), ": named_values row ", rows.Int(0)),
             StrCat("the value ", GoQuote(rows.Bytes(1)), ": ", value.status().message()),
             "the server sets it aside (table quarantine): alerts of that rule begin anew");
    }
    CheckBlob(rows, 2);
  }
}

absl::Status Verifier::VerifyOutbox() {
  ASSIGN_OR_RETURN(const bool is_there, HasTable());
  if (!is_there) return absl::OkStatus();
  ASSIGN_OR_RETURN(SqliteStatement rows,
                   reader_.db().Prepare("SELECT seq, record FROM outbox ORDER BY seq"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, NextRow(rows));
    if (!has_row) return absl::OkStatus();
    bool is_known = true;
    absl::Status status = DecodeJournalRecord(
        rows.Bytes(1),
        [&](uint32_t series, const SampleView&) { is_known &= IsKnown(series); });
    if (status.ok() && !is_known) status = absl::DataLossError("it names a series that is missing");
    if (!status.ok()) {
      Report(StrCat(reader_.path(), ": outbox row ", rows.Int(0)), std::string(status.message()),
             "the server sets it aside (table quarantine) and does not send it");
    }
    CheckBlob(rows, 1);
  }
}

absl::Status Verifier::VerifyReaders() {
  ASSIGN_OR_RETURN(const bool is_there, HasTable());
  if (!is_there) return absl::OkStatus();
  std::vector<std::string> damaged;
  RETURN_IF_ERROR(ReadOutboxReaders(reader_.db(), damaged).status());
  for (const std::string& name : damaged) {
    Report(StrCat(reader_.path(), ": outbox_readers row ", GoQuote(name)),
           "its checksum does not match", "the server sends all that is in the outbox again");
  }
  return absl::OkStatus();
}

absl::Status Verifier::CountQuarantined() {
  ASSIGN_OR_RETURN(found_.quarantined, reader_.db().QueryInt("SELECT count(*) FROM quarantine"));
  return absl::OkStatus();
}

}  // namespace

VerifiedStore VerifyStore(StoreReader& reader,
                          const std::function<void(const StoreFinding&)>& report,
                          const std::function<void(const VerifyProgress&)>& progress) {
  return Verifier(reader, report, progress).Run();
}

}  // namespace sloburn
