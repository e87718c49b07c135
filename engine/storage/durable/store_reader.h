// SPDX-License-Identifier: Apache-2.0
// A database read from outside, beside a running server or without one: nothing in it is changed.
//
//   ASSIGN_OR_RETURN(const auto reader, StoreReader::Open("data/sloburn.db"));
//   ... reader->db().Prepare(...) ...
//
// All is read in one transaction, so it is the state of one time, whatever is committed meanwhile.
// While it lasts the write-ahead log cannot begin anew and grows by what is committed. Threads:
// one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "engine/storage/durable/sqlite.h"
#include "engine/storage/durable/wal_check.h"

namespace sloburn {

class StoreReader {
 public:
  // NotFound where there is none, FailedPrecondition for a file of another program or version,
  // PermissionDenied where it cannot be read, DataLoss where it is no database.
  static absl::StatusOr<std::unique_ptr<StoreReader>> Open(const std::string& path);
  ~StoreReader();

  Sqlite& db() { return *db_; }
  // Of all tables of samples and labels, as far as they can be counted; the first error otherwise.
  absl::Status CountRows(int64_t* rows);
  const std::string& path() const { return db_->path(); }
  // Whether a process had it open when it was opened here.
  bool is_in_use() const { return is_in_use_; }
  int64_t file_bytes() const { return file_bytes_; }
  int64_t wal_bytes() const { return wal_bytes_; }  // of the log that is not checkpointed
  const WalCheck& wal() const { return wal_; }

 private:
  StoreReader() = default;

  std::unique_ptr<Sqlite> db_;
  bool is_in_use_ = false;
  int64_t file_bytes_ = 0, wal_bytes_ = 0;
  WalCheck wal_;
};

}  // namespace sloburn
