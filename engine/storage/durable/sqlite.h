// SPDX-License-Identifier: Apache-2.0
// SQLite behind Status: a connection, its statements, its transactions.
//
//   ASSIGN_OR_RETURN(auto db, Sqlite::Open(path));
//   ASSIGN_OR_RETURN(auto insert, db->Prepare("INSERT INTO t VALUES (?, ?)"));
//   RETURN_IF_ERROR(insert.Run(int64_t{7}, std::string_view(bytes)));
//
// Errors tell the file, SQLite's words, and the system's where there are any: ResourceExhausted where
// the disk is full, DataLoss where the file is no undamaged database, Unavailable where another process
// holds it.
// Threads: one at a time per connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status_macros.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sloburn {

class Sqlite;

class SqliteStatement {
 public:
  SqliteStatement() = default;

  // Binds the values from the first parameter on and runs to the end.
  template <typename... Values>
  absl::Status Run(const Values&... values) {
    RETURN_IF_ERROR(Start(values...));
    ASSIGN_OR_RETURN(const bool has_row, Step());
    (void)has_row;
    return Reset();
  }
  // Binds, for Step to be called until it says that there is no row.
  template <typename... Values>
  absl::Status Start(const Values&... values) {
    RETURN_IF_ERROR(Reset());
    int index = 0;
    absl::Status status;
    ((status.ok() ? status = Bind(++index, values) : status), ...);
    return status;
  }
  absl::StatusOr<bool> Step();
  absl::Status Reset();

  int64_t Int(int column) const;
  // Valid until the next Step or Reset.
  std::string_view Bytes(int column) const;
  bool IsBlob(int column) const;
  bool IsInt(int column) const;

 private:
  friend class Sqlite;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  absl::Status Bind(int index, int64_t value);
  absl::Status Bind(int index, std::string_view bytes);

  Sqlite* db_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Sqlite {
 public:
  static absl::StatusOr<std::unique_ptr<Sqlite>> Open(const std::string& path);
  // Changes nothing in the database and its log, and does not disturb whoever has it open.
  // `is_immutable` reads it in a folder that is read-only, where nobody writes and there is no log.
  static absl::StatusOr<std::unique_ptr<Sqlite>> OpenReadOnly(const std::string& path,
                                                              bool is_immutable = false);
  ~Sqlite();

  absl::StatusOr<SqliteStatement> Prepare(std::string_view sql);
  // One or more statements without parameters and without rows that matter.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row.
  absl::StatusOr<int64_t> QueryInt(std::string_view sql);

  // Runs `body` within a transaction: all of it or, on an error, nothing.
  template <typename Body>
  absl::Status Transact(Body body) {
    RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
    absl::Status status = body();
    if (status.ok()) status = Execute("COMMIT");
    if (!status.ok()) Execute("ROLLBACK").IgnoreError();
    return status;
  }

  // Moves all of the write-ahead log to the database and begins it anew. Unavailable, at once, while
  // another process reads from it.
  absl::Status TruncateLog();

  const std::string& path() const { return path_; }
  // Of a result code that is not fine.
  absl::Status Error(int code) const;

 private:
  static absl::StatusOr<std::unique_ptr<Sqlite>> Open(const std::string& path,
                                                      const std::string& name, int flags);
  Sqlite(std::string path, sqlite3* db) : path_(std::move(path)), db_(db) {}

  const std::string path_;
  sqlite3* const db_;
};

}  // namespace sloburn
