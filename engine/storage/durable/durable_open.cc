// SPDX-License-Identifier: Apache-2.0
// How a DurableStorage begins: its lock, its log, reading all back, and what is done about damage.
#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/storage/durable/durable_storage.h"
#include "engine/storage/durable/schema.h"
#include "engine/storage/durable/wal_check.h"

namespace sloburn {
namespace {

std::string AsideName(const std::string& path) {
  return StrCat(path, ".damaged-", absl::ToUnixSeconds(absl::Now()));
}

// Sets a database aside that cannot be read.
absl::Status MoveAway(const std::string& path, const absl::Status& reason) {
  const std::string aside = AsideName(path);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::rename(StrCat(path, suffix).c_str(), StrCat(aside, suffix).c_str());
  }
  return absl::DataLossError(StrCat(reason.message(), "; it is now ", aside,
                                    ", and the next start begins a new one"));
}

// Whether the database is damaged, or its reading only failed this time.
bool IsDamaged(const std::string& path, const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return false;
  const auto db = Sqlite::Open(path);
  if (!db.ok()) return absl::IsDataLoss(db.status());
  const absl::StatusOr<std::string> check = QuickCheck(**db);
  if (!check.ok()) return absl::IsDataLoss(check.status());
  // What is missing among undamaged pages is damage as well.
  return *check != "ok" || !absl::StrContains(status.message(), "malformed");
}

}  // namespace

absl::StatusOr<std::unique_ptr<DurableStorage>> DurableStorage::Open(const std::string& path,
                                                                     DurableOptions options,
                                                                     MemoryStorage& storage) {
  std::unique_ptr<DurableStorage> made(new DurableStorage(options, storage));
  const absl::Time start = absl::Now();
  RETURN_IF_ERROR(made->Lock(path));
  RETURN_IF_ERROR(made->CheckLog(path));
  const absl::Status status = made->Fill(path);
  if (!status.ok()) {
    {
      // What was not read must not be written over.
      absl::MutexLock lock(&made->mutex_);
      made->Disconnect();
    }
    return IsDamaged(path, status) ? MoveAway(path, status) : status;
  }
  {
    absl::MutexLock lock(&made->mutex_);
    made->stats_.open_time = absl::Now() - start;
  }
  storage.SetLog(made.get());
  made->thread_ = std::thread([store = made.get()] { store->Tend(); });
  return made;
}

absl::Status DurableStorage::Lock(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) return absl::InternalError(StrCat(folder.string(), ": ", error.message()));
  const std::string name = path + ".lock";
  lock_ = open(name.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (lock_ < 0) return absl::InternalError(StrCat(name, ": open: ", std::strerror(errno)));
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  return absl::UnavailableError(StrCat(path, " is in use by another process"));
}

absl::Status DurableStorage::CheckLog(const std::string& path) {
  const std::string log = path + "-wal";
  ASSIGN_OR_RETURN(const WalCheck check, CheckWal(log));
  if (check.is_torn) {
    Log(LogLevel::kWarn,
        StrCat(log,
               " has an incomplete commit at its end, which is left out; unless the file is "
               "damaged, it was not acknowledged"));
  }
  if (check.lost_commits == 0) return absl::OkStatus();
  const std::string copy = AsideName(log);
  std::error_code error;
  std::filesystem::copy_file(log, copy, std::filesystem::copy_options::skip_existing, error);
  if (error) return absl::InternalError(StrCat(copy, ": ", error.message()));
  problems_.push_back(StrCat(log, " is damaged after ", check.good_frames, " pages: at least ",
                             check.lost_commits, " commits are lost; a copy of it is ", copy));
  return absl::OkStatus();
}

absl::Status DurableStorage::Connect(const std::string& path) {
  ASSIGN_OR_RETURN(db_, Sqlite::Open(path));
  return PrepareSchema(*db_, options_.sync);
}

absl::Status DurableStorage::PrepareStatements() {
  const auto prepare = [this](SqliteStatement& statement, std::string_view sql) -> absl::Status {
    mutex_.AssertHeld();
    ASSIGN_OR_RETURN(statement, db_->Prepare(sql));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(prepare(statements_.insert_record, "INSERT INTO journal (record) VALUES (?)"));
  RETURN_IF_ERROR(
      prepare(statements_.insert_series, "INSERT INTO series (id, labels) VALUES (?, ?)"));
  RETURN_IF_ERROR(prepare(statements_.insert_chunk,
                          "INSERT INTO chunks (series, max_ms, value) VALUES (?, ?, ?)"));
  RETURN_IF_ERROR(prepare(statements_.erase_newest, "DELETE FROM newest WHERE series = ?"));
  RETURN_IF_ERROR(tick_tables_.Prepare(*db_));
  return prepare(statements_.replace_newest, "REPLACE INTO newest (series, value) VALUES (?, ?)");
}

absl::Status DurableStorage::Fill(const std::string& path) {
  bool is_broken = false;
  {
    absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(Connect(path));
    ASSIGN_OR_RETURN(is_broken, Load());
    if (!is_broken) return PrepareStatements();
  }
  return Rebuild(path);
}

absl::Status DurableStorage::WriteAllTo(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) std::remove(StrCat(path, suffix).c_str());
  const auto series = static_cast<uint32_t>(storage_.Stats().ids);
  {
    absl::MutexLock lock(&mutex_);
    Disconnect();
    RETURN_IF_ERROR(Connect(path));
    RETURN_IF_ERROR(PrepareStatements());
    persisted_.assign(series, {});
    stats_.chunks = stats_.journal_bytes = stats_.quarantined = 0;
    oldest_record_ = absl::InfiniteFuture();
    RETURN_IF_ERROR(db_->Transact([&]() -> absl::Status {
      mutex_.AssertHeld();
      for (uint32_t id = 0; id < series; ++id) {
        const std::string row = EncodeSeriesRow(storage_.LabelsOf(id));
        RETURN_IF_ERROR(statements_.insert_series.Run(int64_t{id}, std::string_view(row)));
      }
      for (const OutboxEntry& entry : outbox_.entries) {
        RETURN_IF_ERROR(tick_tables_.WriteEntry(entry));
      }
      RETURN_IF_ERROR(tick_tables_.WriteReaders(outbox_.readers, /*forgotten=*/0));
      RETURN_IF_ERROR(tick_tables_.WriteValues(values_));
      return absl::OkStatus();
    }));
  }
  RETURN_IF_ERROR(CheckpointAll());
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(db_->TruncateLog());
  Disconnect();
  return absl::OkStatus();
}

// What a key finds in damaged pages may be another row: nothing is to be changed there.
absl::Status DurableStorage::Rebuild(const std::string& path) {
  const std::string fresh = path + ".new", aside = AsideName(path);
  RETURN_IF_ERROR(WriteAllTo(fresh));
  std::error_code error;
  std::filesystem::create_hard_link(path, aside, error);
  if (error) std::filesystem::copy_file(path, aside, error);  // not every file system has links
  if (error) return absl::InternalError(StrCat(aside, ": ", error.message()));
  // A log beside the new database would be read as its own.
  std::rename(StrCat(path, "-wal").c_str(), StrCat(aside, "-wal").c_str());
  std::remove(StrCat(path, "-shm").c_str());
  std::filesystem::rename(fresh, path, error);
  if (error) return absl::InternalError(StrCat(path, ": ", error.message()));
  problems_.push_back(StrCat(
      path, ": all that could be read was written to a new database; the old one is ", aside));
  stats_.problems = std::ssize(problems_);
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Connect(path));
  return PrepareStatements();
}

absl::StatusOr<bool> DurableStorage::Load() {
  DatabaseLoader loader(*db_, storage_);
  RETURN_IF_ERROR(loader.Load());
  persisted_ = std::move(loader.persisted);
  problems_.insert(problems_.end(), loader.problems.begin(), loader.problems.end());
  values_ = std::move(loader.values);
  outbox_ = std::move(loader.outbox);
  stats_.chunks = loader.chunks;
  stats_.journal_bytes = loader.journal_bytes;
  if (loader.journal_bytes > 0) oldest_record_ = absl::Now();
  ASSIGN_OR_RETURN(stats_.quarantined, db_->QueryInt("SELECT count(*) FROM quarantine"));
  stats_.problems = std::ssize(problems_);
  // Nothing is written to broken pages.
  if (loader.is_broken) return true;
  RETURN_IF_ERROR(MeasureDatabase());
  RETURN_IF_ERROR(problems_.empty() ? coverage_.Load(*db_) : coverage_.Clear(*db_));
  return false;
}

}  // namespace sloburn
