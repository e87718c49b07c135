// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/coverage_table.h"

#include "base/crc32c.h"
#include "base/status_macros.h"
#include "base/str_cat.h"

namespace sloburn {
namespace {

int64_t Checksum(std::string_view source, const CoveredTime& time) {
  return Crc32c(StrCat(source.size(), " ", source, time.selector, " ", time.from_ms, " ",
                       time.to_ms));
}

}  // namespace

absl::Status CoverageTable::Load(Sqlite& db) {
  ASSIGN_OR_RETURN(SqliteStatement rows,
                   db.Prepare("SELECT source, selector, from_ms, to_ms, crc FROM sync_coverage"));
  bool is_damaged = false;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) break;
    CoveredTime time{std::string(rows.Bytes(1)), rows.Int(2), rows.Int(3)};
    // Rows of one source only are ever there: another one is damage, too.
    if (times_.empty()) source_ = rows.Bytes(0);
    if (rows.Int(4) != Checksum(rows.Bytes(0), time) || rows.Bytes(0) != source_) {
      is_damaged = true;
      break;
    }
    times_.insert_or_assign(time.selector, time);
  }
  return is_damaged ? Clear(db) : absl::OkStatus();
}

absl::Status CoverageTable::Clear(Sqlite& db) {
  times_.clear();
  return db.Execute("DELETE FROM sync_coverage");
}

absl::StatusOr<std::vector<CoveredTime>> CoverageTable::Open(Sqlite& db, std::string_view source) {
  if (source != source_ && !times_.empty()) RETURN_IF_ERROR(Clear(db));
  source_ = source;
  std::vector<CoveredTime> known;
  for (const auto& [selector, time] : times_) known.push_back(time);
  return known;
}

absl::Status CoverageTable::Put(Sqlite& db, const CoveredTime& time) {
  if (time.from_ms >= time.to_ms) {
    ASSIGN_OR_RETURN(SqliteStatement erase,
                     db.Prepare("DELETE FROM sync_coverage WHERE selector = CAST(? AS TEXT)"));
    return erase.Run(std::string_view(time.selector));
  }
  ASSIGN_OR_RETURN(
      SqliteStatement put,
      db.Prepare("REPLACE INTO sync_coverage (source, selector, from_ms, to_ms, crc) "
                 "VALUES (CAST(? AS TEXT), CAST(? AS TEXT), ?, ?, ?)"));
  return put.Run(std::string_view(source_), std::string_view(time.selector), time.from_ms,
                 time.to_ms, Checksum(source_, time));
}

absl::Status CoverageTable::Write(Sqlite& db, const std::vector<CoveredTime>& times) {
  RETURN_IF_ERROR(db.Transact([&]() -> absl::Status {
    for (const CoveredTime& time : times) RETURN_IF_ERROR(Put(db, time));
    return absl::OkStatus();
  }));
  for (const CoveredTime& time : times) {
    if (time.from_ms < time.to_ms) {
      times_.insert_or_assign(time.selector, time);
    } else {
      times_.erase(time.selector);
    }
  }
  return absl::OkStatus();
}

absl::Status CoverageTable::ForgetBefore(Sqlite& db, int64_t time_ms) {
  std::vector<CoveredTime> cut;
  for (const auto& [selector, time] : times_) {
    if (time_ms > time.from_ms + 1) cut.push_back({selector, time_ms - 1, time.to_ms});
  }
  return cut.empty() ? absl::OkStatus() : Write(db, cut);
}

}  // namespace sloburn
