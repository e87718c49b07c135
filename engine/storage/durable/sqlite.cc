// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/sqlite.h"

#include <sqlite3.h>

#include <cstring>

#include "absl/strings/str_replace.h"
#include "base/str_cat.h"

namespace sloburn {
namespace {

constexpr int kBusyTimeoutMs = 5000;

absl::StatusCode CodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL: return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return absl::StatusCode::kDataLoss;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return absl::StatusCode::kUnavailable;
    case SQLITE_PERM:
    case SQLITE_READONLY: return absl::StatusCode::kPermissionDenied;
    case SQLITE_CANTOPEN: return absl::StatusCode::kNotFound;
    default: return absl::StatusCode::kInternal;
  }
}

// What SQLite could not do with a file.
const char* OperationOf(int extended_code) {
  switch (extended_code) {
    case SQLITE_IOERR_READ:
    case SQLITE_IOERR_SHORT_READ: return "read";
    case SQLITE_IOERR_WRITE: return "write";
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC: return "fsync";
    case SQLITE_IOERR_TRUNCATE: return "truncate";
    case SQLITE_IOERR_FSTAT: return "stat";
    case SQLITE_IOERR_LOCK:
    case SQLITE_IOERR_SHMLOCK: return "lock";
    case SQLITE_IOERR_SHMOPEN:
    case SQLITE_IOERR_SHMSIZE:
    case SQLITE_IOERR_SHMMAP: return "map its -shm file";
    default: return "";
  }
}

// The errno of the write-ahead log's last failure; 0 where there was none.
int LastErrnoOfLog(sqlite3* db) {
  sqlite3_file* file = nullptr;
  int error = 0;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr) {
    return 0;
  }
  file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

absl::Status SqliteStatement::Bind(int index, int64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), index, value);
  return code == SQLITE_OK ? absl::OkStatus() : db_->Error(code);
}

absl::Status SqliteStatement::Bind(int index, std::string_view bytes) {
  // The bytes stay until the statement has run.
  const int code = sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(),
                                       SQLITE_STATIC);
  return code == SQLITE_OK ? absl::OkStatus() : db_->Error(code);
}

absl::StatusOr<bool> SqliteStatement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  const absl::Status error = db_->Error(code);
  sqlite3_reset(statement_.get());
  return error;
}

absl::Status SqliteStatement::Reset() {
  // Tells again what Step has told.
  sqlite3_reset(statement_.get());
  return absl::OkStatus();
}

int64_t SqliteStatement::Int(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::Bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_.get(), column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data),
          static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool SqliteStatement::IsBlob(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_BLOB;
}

bool SqliteStatement::IsInt(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER;
}

absl::StatusOr<std::unique_ptr<Sqlite>> Sqlite::Open(const std::string& path) {
  return Open(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

absl::StatusOr<std::unique_ptr<Sqlite>> Sqlite::OpenReadOnly(const std::string& path,
                                                             bool is_immutable) {
  if (!is_immutable) {
    ASSIGN_OR_RETURN(auto db, Open(path, path, SQLITE_OPEN_READONLY));
    sqlite3_db_config(db->db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return db;
  }
  const std::string name =
      absl::StrReplaceAll(path, {{"%", "%25"}, {"?", "%3f"}, {"#", "%23"}});
  return Open(path, StrCat("file:", name, "?immutable=1"),
              SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

absl::StatusOr<std::unique_ptr<Sqlite>> Sqlite::Open(const std::string& path,
                                                     const std::string& name, int flags) {
  sqlite3* db = nullptr;
  const int code =
      sqlite3_open_v2(name.c_str(), &db, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (db == nullptr) return absl::ResourceExhaustedError(StrCat(path, ": out of memory"));
  std::unique_ptr<Sqlite> made(new Sqlite(path, db));
  if (code != SQLITE_OK) return made->Error(code);
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  return made;
}

Sqlite::~Sqlite() { sqlite3_close_v2(db_); }

absl::StatusOr<SqliteStatement> Sqlite::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return Error(code);
  SqliteStatement made;
  made.db_ = this;
  made.statement_.reset(statement);
  return made;
}

absl::Status Sqlite::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::StatusOr<int64_t> Sqlite::QueryInt(std::string_view sql) {
  ASSIGN_OR_RETURN(SqliteStatement statement, Prepare(sql));
  ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return absl::NotFoundError(StrCat(path_, ": no row for ", sql));
  return statement.Int(0);
}

absl::Status Sqlite::TruncateLog() {
  sqlite3_busy_timeout(db_, 0);
  const int code =
      sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  const absl::Status status = code == SQLITE_OK ? absl::OkStatus() : Error(code);
  sqlite3_busy_timeout(db_, kBusyTimeoutMs);
  return status;
}

absl::Status Sqlite::Error(int code) const {
  std::string text = StrCat(path_, ": ", sqlite3_errmsg(db_));
  if (const std::string_view operation = OperationOf(code); !operation.empty()) {
    int cause = sqlite3_system_errno(db_);
    if (cause == 0) cause = LastErrnoOfLog(db_);  // not told for what happens within a commit
    text += StrCat(" (", operation, cause == 0 ? "" : ": ", cause == 0 ? "" : std::strerror(cause), ")");
  }
  return absl::Status(CodeOf(code), text);
}

}  // namespace sloburn
