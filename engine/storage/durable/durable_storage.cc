// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/durable_storage.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/str_cat.h"
#include "engine/storage/journal_record.h"

namespace sloburn {
namespace {

// SQLite empties its log from 16 MiB on; a large commit may make it larger.
constexpr uintmax_t kLargestLogBytes = 64 << 20;
constexpr absl::Duration kLogPause = absl::Minutes(1);

absl::Status SystemError(const std::string& path, const char* what) {
  return absl::InternalError(StrCat(path, ": ", what, ": ", std::strerror(errno)));
}

}  // namespace

DurableStorage::~DurableStorage() {
  const absl::Status status = Close();
  if (!status.ok()) Log(LogLevel::kError, "Closing the store", {{"err", status.ToString()}});
  if (wal_ >= 0) close(wal_);
  if (lock_ >= 0) close(lock_);
}

absl::Status DurableStorage::Write(const std::vector<CommittedSeries>& commit,
                                   const std::vector<NamedValue>& values,
                                   const OutboxEntry* entry) {
  // An entry of the outbox is the same record.
  const std::string encoded =
      commit.empty() || entry != nullptr ? "" : EncodeJournalRecord(commit);
  const std::string& record = entry != nullptr ? entry->record : encoded;
  absl::MutexLock lock(&mutex_);
  if (db_ == nullptr) return absl::FailedPreconditionError("the store is closed");
  absl::Status status = sync_error_;
  if (status.ok()) status = WriteRecord(commit, record, values, entry);
  NoteCommit(status);
  if (!status.ok()) return status;
  stats_.journal_bytes += std::ssize(record);
  if (!commit.empty() && oldest_record_ == absl::InfiniteFuture()) oldest_record_ = absl::Now();
  is_unsynced_ = true;
  return absl::OkStatus();
}

absl::Status DurableStorage::WriteRecord(const std::vector<CommittedSeries>& commit,
                                         std::string_view record,
                                         const std::vector<NamedValue>& values,
                                         const OutboxEntry* entry) {
  const absl::Status status = db_->Transact([&]() -> absl::Status {
    mutex_.AssertHeld();
    for (const CommittedSeries& series : commit) {
      if (series.labels == nullptr) continue;
      const std::string row = EncodeSeriesRow(*series.labels);
      RETURN_IF_ERROR(statements_.insert_series.Run(int64_t{series.id}, std::string_view(row)));
    }
    if (entry != nullptr) RETURN_IF_ERROR(tick_tables_.WriteEntry(*entry));
    RETURN_IF_ERROR(tick_tables_.WriteValues(values));
    return record.empty() ? absl::OkStatus() : statements_.insert_record.Run(record);
  });
  if (status.ok()) return status;
  // All of it may be in SQLite's log, where only the sync failed, and the next start would take it
  // for committed: a commit that changes nothing goes over it.
  db_->Execute(StrCat("PRAGMA user_version = ", kSchemaVersion)).IgnoreError();
  renews_log_ = true;
  return status;
}

void DurableStorage::NoteCommit(const absl::Status& status) {
  if (!status.ok()) ++stats_.failed_commits;
  if (commits_fail_ == !status.ok()) return;
  commits_fail_ = !status.ok();
  if (commits_fail_) {
    Log(LogLevel::kError, "Commits fail from now on", {{"err", std::string(status.message())}});
  } else {
    Log(LogLevel::kInfo, "Commits are written again", {{"failed", StrCat(stats_.failed_commits)}});
  }
}

absl::StatusOr<std::vector<CoveredTime>> DurableStorage::OpenCoverage(std::string_view source) {
  absl::MutexLock lock(&mutex_);
  if (db_ == nullptr) return absl::FailedPreconditionError("the store is closed");
  return coverage_.Open(*db_, source);
}

absl::Status DurableStorage::WriteCoverage(const std::vector<CoveredTime>& times) {
  absl::MutexLock lock(&mutex_);
  if (db_ == nullptr) return absl::FailedPreconditionError("the store is closed");
  return coverage_.Write(*db_, times);
}

absl::Status DurableStorage::WriteOutbox(const OutboxPositions& readers, int64_t forgotten) {
  absl::MutexLock lock(&mutex_);
  if (db_ == nullptr) return absl::FailedPreconditionError("the store is closed");
  is_unsynced_ = true;
  return db_->Transact([&] {
    mutex_.AssertHeld();
    return tick_tables_.WriteReaders(readers, forgotten);
  });
}

std::vector<NamedValue> DurableStorage::TakeValues() {
  absl::MutexLock lock(&mutex_);
  return std::move(values_);
}

OutboxContents DurableStorage::TakeOutbox() {
  absl::MutexLock lock(&mutex_);
  return std::move(outbox_);
}

absl::Status DurableStorage::SyncToDisk() {
  absl::Status error;
  std::string path;
  {
    absl::MutexLock lock(&mutex_);
    if (db_ == nullptr || !is_unsynced_) return absl::OkStatus();
    path = db_->path() + "-wal";
    if (wal_ < 0) wal_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (wal_ < 0) error = SystemError(path, "open");
    is_unsynced_ = false;
  }
  // Commits go on meanwhile.
  if (error.ok() && fdatasync(wal_) != 0) error = SystemError(path, "fdatasync");
  if (error.ok()) return error;
  absl::MutexLock lock(&mutex_);
  ++stats_.failed_syncs;
  sync_error_ = error;
  renews_log_ = true;
  return error;
}

// After a failed sync another one may succeed without what the first should have written: it goes
// to the database instead, which is synced, and the log begins anew.
absl::Status DurableStorage::RenewLog() {
  absl::MutexLock lock(&mutex_);
  if (db_ == nullptr) return absl::OkStatus();
  std::error_code error;
  const auto bytes = std::filesystem::file_size(db_->path() + "-wal", error);
  // SQLite does not tell when it cannot empty its log.
  const bool is_too_large = !error && bytes >= kLargestLogBytes;
  if (!renews_log_ && !is_too_large) return absl::OkStatus();
  RETURN_IF_ERROR(db_->TruncateLog());
  renews_log_ = is_unsynced_ = false;
  sync_error_ = absl::OkStatus();
  return absl::OkStatus();
}

bool DurableStorage::IsCheckpointDue() const {
  return stats_.journal_bytes >= options_.journal_bytes ||
         absl::Now() - oldest_record_ >= options_.checkpoint_interval;
}

void DurableStorage::Tend() {
  absl::Status last_error;
  absl::Time logged = absl::InfinitePast();
  while (true) {
    bool is_due;
    {
      absl::MutexLock lock(&mutex_);
      const auto wakes = [this] {
        mutex_.AssertHeld();
        return stops_ || stats_.journal_bytes >= options_.journal_bytes;
      };
      mutex_.AwaitWithTimeout(absl::Condition(&wakes), options_.sync_interval);
      if (stops_) return;
      is_due = IsCheckpointDue();
    }
    absl::Status status = RenewLog();
    if (status.ok() && options_.sync == StorageSync::kInterval) status = SyncToDisk();
    if (status.ok() && is_due) status = Checkpoint();
    if (status.ok()) last_error = status;
    if (status.ok()) continue;
    if (status != last_error || absl::Now() - logged >= kLogPause) {
      Log(LogLevel::kError, "The store on disk", {{"err", std::string(status.message())}});
      last_error = status;
      logged = absl::Now();
    }
    // A full disk or the like: not at once again.
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithTimeout(absl::Condition(&stops_), options_.sync_interval);
  }
}

absl::Status DurableStorage::Close() {
  {
    absl::MutexLock lock(&mutex_);
    if (db_ == nullptr) return absl::OkStatus();
    stops_ = true;
  }
  if (thread_.joinable()) thread_.join();
  absl::Status status = Checkpoint();
  storage_.SetLog(nullptr);
  absl::MutexLock lock(&mutex_);
  // The journal's pages go back to the system.
  if (status.ok()) {
    status = db_->Execute("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
  }
  Disconnect();
  return status;
}

void DurableStorage::Disconnect() {
  statements_ = {};
  tick_tables_.Reset();
  db_ = nullptr;
}

DurableStats DurableStorage::Stats() const {
  absl::MutexLock lock(&mutex_);
  DurableStats stats = stats_;
  std::error_code missing;
  if (db_ != nullptr) {
    const auto bytes = std::filesystem::file_size(db_->path() + "-wal", missing);
    if (!missing) stats.wal_bytes = static_cast<int64_t>(bytes);
  }
  return stats;
}

}  // namespace sloburn
