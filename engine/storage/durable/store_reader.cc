// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/store_reader.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/storage/durable/schema.h"

namespace sloburn {
namespace {

// Whether a process holds the lock of DurableStorage.
bool IsInUse(const std::string& path) {
  const int lock = open((path + ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (lock < 0) return false;
  const bool is_free = flock(lock, LOCK_SH | LOCK_NB) == 0;
  close(lock);
  return !is_free;
}

int64_t SizeOf(const std::string& path) {
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(path, missing);
  return missing ? 0 : static_cast<int64_t>(bytes);
}

absl::StatusOr<std::unique_ptr<Sqlite>> Connect(const std::string& path, bool is_immutable) {
  ASSIGN_OR_RETURN(auto db, Sqlite::OpenReadOnly(path, is_immutable));
  RETURN_IF_ERROR(db->Execute("PRAGMA temp_store = MEMORY; BEGIN"));
  ASSIGN_OR_RETURN(const bool is_ours, CheckSchema(*db));
  if (!is_ours) return absl::NotFoundError(StrCat(path, ": the database is empty"));
  return db;
}

bool IsFolderReadOnly(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsPermissionDenied(status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<StoreReader>> StoreReader::Open(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    return absl::NotFoundError(StrCat(path,
                                      ": there is no database; --storage.path is the folder "
                                      "that was given to sloburn serve"));
  }
  std::unique_ptr<StoreReader> made(new StoreReader());
  made->is_in_use_ = IsInUse(path);
  const std::string log = path + "-wal";
  auto db = Connect(path, false);
  if (!db.ok() && IsFolderReadOnly(db.status())) {
    // Reading a log takes a file beside it, which a folder that is read-only refuses.
    const bool has_log = made->is_in_use_ || SizeOf(log) > 0;
    if (has_log) {
      return absl::PermissionDeniedError(
          StrCat(db.status().message(),
                 "; there is a write-ahead log, and reading it needs "
                 "write access to the folder: run this as the user of the server"));
    }
    if (auto read_only = Connect(path, true); read_only.ok()) db = std::move(read_only);
  }
  RETURN_IF_ERROR(db.status());
  made->db_ = *std::move(db);
  made->file_bytes_ = SizeOf(path);
  made->wal_bytes_ = SizeOf(log);
  ASSIGN_OR_RETURN(made->wal_, CheckWal(log));
  // A server may have begun the log anew under the eyes of the first look.
  if (made->wal_.lost_commits > 0) {
    ASSIGN_OR_RETURN(made->wal_, CheckWal(log));
  }
  return made;
}

absl::Status StoreReader::CountRows(int64_t* rows) {
  absl::Status error;
  *rows = 0;
  for (const char* table : {"series", "chunks", "newest", "journal"}) {
    const auto count = db_->QueryInt(StrCat("SELECT count(*) FROM ", table));
    error.Update(count.status());
    *rows += count.value_or(0);
  }
  return error;
}

StoreReader::~StoreReader() {
  if (db_ != nullptr) db_->Execute("ROLLBACK").IgnoreError();
}

}  // namespace sloburn
