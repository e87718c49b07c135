// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/schema.h"

#include "base/str_cat.h"

namespace sloburn {
namespace {

// 'slob'
constexpr int kApplicationId = 0x736c6f62;

constexpr char kTables[] = R"(
CREATE TABLE series (id INTEGER PRIMARY KEY, labels BLOB NOT NULL);
CREATE TABLE chunks (id INTEGER PRIMARY KEY, series INTEGER NOT NULL, max_ms INTEGER NOT NULL,
                     value BLOB NOT NULL);
CREATE INDEX chunks_by_time ON chunks (max_ms);
CREATE TABLE newest (series INTEGER PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE journal (seq INTEGER PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE quarantine (id INTEGER PRIMARY KEY, origin TEXT NOT NULL, key INTEGER NOT NULL,
                         reason TEXT NOT NULL, value BLOB);
)";

// Made where they are missing: databases of version 1 were written without them.
constexpr char kLaterTables[] = R"(
CREATE TABLE IF NOT EXISTS sync_coverage (
  source TEXT NOT NULL, selector TEXT PRIMARY KEY, from_ms INTEGER NOT NULL,
  to_ms INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS named_values (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS outbox_readers (
  name TEXT PRIMARY KEY, done INTEGER NOT NULL, claimed INTEGER NOT NULL, crc INTEGER NOT NULL)
  WITHOUT ROWID;
)";

// WAL's checkpoints would otherwise write the journal's pages into the database again and again.
constexpr char kPragmas[] = R"(
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA wal_autocheckpoint = 4096;
PRAGMA cache_size = -4096;
PRAGMA temp_store = MEMORY;
)";

const char* Synchronous(StorageSync sync) {
  switch (sync) {
    case StorageSync::kCommit: return "FULL";
    case StorageSync::kInterval: return "NORMAL";
    default: return "OFF";
  }
}

}  // namespace

absl::StatusOr<bool> CheckSchema(Sqlite& db) {
  ASSIGN_OR_RETURN(const int64_t application, db.QueryInt("PRAGMA application_id"));
  ASSIGN_OR_RETURN(const int64_t tables, db.QueryInt("SELECT count(*) FROM sqlite_schema"));
  const bool is_new = application == 0 && tables == 0;
  if (!is_new && application != kApplicationId) {
    return absl::FailedPreconditionError(
        StrCat(db.path(), " is a database of another program; name another --storage.path"));
  }
  ASSIGN_OR_RETURN(const int64_t version, db.QueryInt("PRAGMA user_version"));
  if (!is_new && version != kSchemaVersion) {
    return absl::FailedPreconditionError(
        StrCat(db.path(), " has schema version ", version, "; this program reads ",
               kSchemaVersion, " and nothing else"));
  }
  return !is_new;
}

absl::StatusOr<std::string> QuickCheck(Sqlite& db) {
  ASSIGN_OR_RETURN(SqliteStatement check, db.Prepare("PRAGMA quick_check(1)"));
  ASSIGN_OR_RETURN(const bool has_row, check.Step());
  return has_row ? std::string(check.Bytes(0)) : "";
}

absl::Status PrepareSchema(Sqlite& db, StorageSync sync) {
  // Nothing is written, not even a setting, before it is known whose database this is.
  ASSIGN_OR_RETURN(const bool is_ours, CheckSchema(db));
  RETURN_IF_ERROR(db.Execute(kPragmas));
  RETURN_IF_ERROR(db.Execute(StrCat("PRAGMA synchronous = ", Synchronous(sync))));
  if (is_ours) return db.Execute(kLaterTables);
  return db.Transact([&] {
    return db.Execute(StrCat(kTables, kLaterTables, "PRAGMA application_id = ", kApplicationId,
                             "; PRAGMA user_version = ", kSchemaVersion));
  });
}

}  // namespace sloburn
