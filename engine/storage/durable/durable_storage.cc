// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/durable_storage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/str_cat.h"
#include "engine/storage/chunk/chunk_codec.h"
#include "engine/storage/chunk_row.h"
#include "engine/storage/durable/wal_check.h"
#include "engine/storage/journal_record.h"

namespace sloburn {
namespace {

// Commits wait while so many series are written.
constexpr uint32_t kSeriesAtOnce = 500;
// SQLite empties its log from 16 MiB on; a large commit may make it larger.
constexpr uintmax_t kLargestLogBytes = 64 << 20;
constexpr absl::Duration kLogPause = absl::Minutes(1);

absl::Status SystemError(const std::string& path, const char* what) {
  return absl::InternalError(StrCat(path, ": ", what, ": ", std::strerror(errno)));
}

// The resets of the full chunk `i` of a series, positions from its first float on.
std::vector<Reset> ResetsOf(const SeriesView& view, size_t i) {
  std::vector<Reset> found;
  const uint64_t begin = view.sealed->floats_before(i), end = view.sealed->floats_before(i + 1);
  for (size_t k = 0; k < view.resets_size; ++k) {
    const Reset& reset = view.resets->resets[k];
    if (reset.position >= end) break;
    if (reset.position >= begin) found.push_back({reset.position - begin, reset.before});
  }
  return found;
}

std::string AsideName(const std::string& path) {
  return StrCat(path, ".damaged-", absl::ToUnixSeconds(absl::Now()));
}

// Sets a database aside that cannot be read.
absl::Status MoveAway(const std::string& path, const absl::Status& reason) {
  const std::string aside = AsideName(path);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::rename(StrCat(path, suffix).c_str(), StrCat(aside, suffix).c_str());
  }
  return absl::DataLossError(StrCat(std::string(reason.message()), "; it is now ", aside,
                                    ", and the next start begins a new one"));
}

// Whether the database is damaged, or its reading only failed this time.
bool IsDamaged(const std::string& path, const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return false;
  const auto db = Sqlite::Open(path);
  if (!db.ok()) return absl::IsDataLoss(db.status());
  auto check = (*db)->Prepare("PRAGMA quick_check(1)");
  if (!check.ok()) return absl::IsDataLoss(check.status());
  const absl::StatusOr<bool> has_row = check->Step();
  if (!has_row.ok()) return absl::IsDataLoss(has_row.status());
  // What is missing among undamaged pages is damage as well.
  return !*has_row || check->Bytes(0) != "ok" || !absl::StrContains(status.message(), "malformed");
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
  if (lock_ < 0) return SystemError(name, "open");
  if (flock(lock_, LOCK_EX | LOCK_NB) == 0) return absl::OkStatus();
  return absl::UnavailableError(StrCat(path, " is in use by another process"));
}

absl::Status DurableStorage::CheckLog(const std::string& path) {
  const std::string log = path + "-wal";
  ASSIGN_OR_RETURN(const WalCheck check, CheckWal(log));
  if (check.is_torn) {
    Log(LogLevel::kWarn,
        StrCat(log, " has an incomplete commit at its end, which is left out; unless the file is "
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
  RETURN_IF_ERROR(prepare(statements_.insert_series, "INSERT INTO series (id, labels) VALUES (?, ?)"));
  RETURN_IF_ERROR(
      prepare(statements_.insert_chunk, "INSERT INTO chunks (series, max_ms, value) VALUES (?, ?, ?)"));
  RETURN_IF_ERROR(prepare(statements_.erase_newest, "DELETE FROM newest WHERE series = ?"));
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
  problems_.push_back(StrCat(path, ": all that could be read was written to a new database; the old one is ",
                             aside));
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

DurableStorage::~DurableStorage() {
  const absl::Status status = Close();
  if (!status.ok()) Log(LogLevel::kError, "Closing the store", {{"err", status.ToString()}});
  if (wal_ >= 0) close(wal_);
  if (lock_ >= 0) close(lock_);
}

absl::Status DurableStorage::Write(const std::vector<CommittedSeries>& commit) {
  const std::string record = EncodeJournalRecord(commit);
  absl::MutexLock lock(&mutex_);
  if (db_ == nullptr) return absl::FailedPreconditionError("the store is closed");
  absl::Status status = sync_error_;
  if (status.ok()) status = WriteRecord(commit, record);
  NoteCommit(status);
  if (!status.ok()) return status;
  stats_.journal_bytes += std::ssize(record);
  if (oldest_record_ == absl::InfiniteFuture()) oldest_record_ = absl::Now();
  is_unsynced_ = true;
  return absl::OkStatus();
}

absl::Status DurableStorage::WriteRecord(const std::vector<CommittedSeries>& commit,
                                         std::string_view record) {
  const absl::Status status = db_->Transact([&]() -> absl::Status {
    mutex_.AssertHeld();
    for (const CommittedSeries& series : commit) {
      if (series.labels == nullptr) continue;
      const std::string row = EncodeSeriesRow(*series.labels);
      RETURN_IF_ERROR(statements_.insert_series.Run(int64_t{series.id}, std::string_view(row)));
    }
    return statements_.insert_record.Run(record);
  });
  if (status.ok()) return status;
  // All of it may be in SQLite's log, where only the sync failed, and the next start would take it for
  // committed: a commit that changes nothing goes over it.
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
    Log(LogLevel::kInfo, "Commits are written again",
        {{"failed", StrCat(stats_.failed_commits)}});
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

absl::Status DurableStorage::WriteSeries(uint32_t id, const SeriesView& view,
                                         Persisted& persisted) {
  if (view.generation != persisted.generation) {
    // All that was there has been forgotten.
    persisted = {0, 0, view.generation};
    RETURN_IF_ERROR(statements_.erase_newest.Run(int64_t{id}));
  }
  if (view.changes == persisted.changes || view.head == nullptr) return absl::OkStatus();
  std::vector<std::string> newest;
  if (view.sealed != nullptr) {
    const SealedChunks& sealed = *view.sealed;
    for (size_t i = 0; i < sealed.full_size; ++i) {
      if (sealed.samples_before(i) < persisted.samples) continue;
      const StoredChunkPtr& chunk = sealed.full->slot(i).chunk;
      // Positions count all floats, and the chunks only those of plain ones: beside others they
      // would belong elsewhere.
      const bool has_resets = view.keeps_resets && view.is_plain;
      const bool keeps_resets = has_resets || chunk->summary.resets == 0;
      const std::string row = EncodeChunkRow(
          id, {chunk, has_resets ? ResetsOf(view, i) : std::vector<Reset>(), keeps_resets});
      RETURN_IF_ERROR(statements_.insert_chunk.Run(int64_t{id}, chunk->max_ms, std::string_view(row)));
      ++stats_.chunks;
      persisted.samples = sealed.samples_before(i + 1);
    }
    if (sealed.open != nullptr) newest.push_back(sealed.open->bytes);
  }
  for (size_t begin = 0; begin < view.head_size; begin += kMaxChunkSamples) {
    const size_t end = std::min(view.head_size, begin + kMaxChunkSamples);
    newest.push_back(EncodeChunk(view.head->View(begin, end)));
  }
  const std::string row = EncodeNewestSamples(id, newest);
  RETURN_IF_ERROR(statements_.replace_newest.Run(int64_t{id}, std::string_view(row)));
  persisted.changes = view.changes;
  return absl::OkStatus();
}

absl::Status DurableStorage::CheckpointSeries(uint32_t begin, uint32_t end) {
  const std::vector<SeriesView> views = storage_.Views(begin, end);
  absl::MutexLock lock(&mutex_);
  if (persisted_.size() < begin + views.size()) persisted_.resize(begin + views.size());
  std::vector<Persisted> persisted(persisted_.begin() + begin,
                                   persisted_.begin() + begin + views.size());
  const int64_t chunks = stats_.chunks;
  RETURN_IF_ERROR(coverage_.ForgetBefore(*db_, storage_.ForgottenBefore()));
  const absl::Status status = db_->Transact([&]() -> absl::Status {
    mutex_.AssertHeld();
    for (uint32_t i = 0; i < views.size(); ++i) {
      RETURN_IF_ERROR(WriteSeries(begin + i, views[i], persisted[i]));
    }
    return absl::OkStatus();
  });
  if (!status.ok()) {
    stats_.chunks = chunks;
    return status;
  }
  std::copy(persisted.begin(), persisted.end(), persisted_.begin() + begin);
  return absl::OkStatus();
}

absl::Status DurableStorage::CheckpointAll() {
  const auto series = static_cast<uint32_t>(storage_.Stats().ids);
  for (uint32_t begin = 0; begin < series; begin += kSeriesAtOnce) {
    RETURN_IF_ERROR(CheckpointSeries(begin, std::min(series, begin + kSeriesAtOnce)));
  }
  return absl::OkStatus();
}

absl::Status DurableStorage::Checkpoint() {
  absl::MutexLock checkpoint_lock(&checkpoint_mutex_);
  int64_t last = 0, journal_bytes = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (db_ == nullptr) return absl::FailedPreconditionError("the store is closed");
    // Whatever is in the journal now is in memory as well once the commit in hand is done.
    ASSIGN_OR_RETURN(last, db_->QueryInt("SELECT coalesce(max(seq), 0) FROM journal"));
    journal_bytes = stats_.journal_bytes;
  }
  storage_.AwaitCommit();
  RETURN_IF_ERROR(CheckpointAll());
  {
    absl::MutexLock lock(&mutex_);
    ASSIGN_OR_RETURN(SqliteStatement erase, db_->Prepare("DELETE FROM journal WHERE seq <= ?"));
    RETURN_IF_ERROR(erase.Run(last));
    stats_.journal_bytes -= journal_bytes;
    oldest_record_ = stats_.journal_bytes > 0 ? absl::Now() : absl::InfiniteFuture();
    ++stats_.checkpoints;
  }
  return DropOld();
}

absl::Status DurableStorage::DropOld() {
  int64_t bound = std::numeric_limits<int64_t>::min();
  if (options_.retention != absl::InfiniteDuration()) {
    bound = storage_.Stats().max_time_ms - absl::ToInt64Milliseconds(options_.retention);
  }
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(MeasureDatabase());
  const int64_t excess = stats_.database_bytes - options_.retention_bytes;
  if (options_.retention_bytes > 0 && excess > 0 && stats_.chunks > 0) {
    // The oldest chunks, by their share.
    const auto rows = static_cast<int64_t>(static_cast<double>(stats_.chunks) *
                                           static_cast<double>(excess) /
                                           static_cast<double>(stats_.database_bytes));
    ASSIGN_OR_RETURN(
        SqliteStatement find,
        db_->Prepare("SELECT max_ms FROM chunks ORDER BY max_ms LIMIT 1 OFFSET ?"));
    RETURN_IF_ERROR(find.Start(std::min(rows, stats_.chunks - 1)));
    ASSIGN_OR_RETURN(const bool has_row, find.Step());
    if (has_row) bound = std::max(bound, find.Int(0) + 1);
  }
  if (bound == std::numeric_limits<int64_t>::min()) return absl::OkStatus();
  RETURN_IF_ERROR(coverage_.ForgetBefore(*db_, bound));
  storage_.DropBefore(bound);
  ASSIGN_OR_RETURN(SqliteStatement erase, db_->Prepare("DELETE FROM chunks WHERE max_ms < ?"));
  RETURN_IF_ERROR(erase.Run(bound));
  ASSIGN_OR_RETURN(const int64_t erased, db_->QueryInt("SELECT changes()"));
  stats_.chunks -= erased;
  return absl::OkStatus();
}

absl::Status DurableStorage::MeasureDatabase() {
  ASSIGN_OR_RETURN(const int64_t pages, db_->QueryInt("PRAGMA page_count"));
  ASSIGN_OR_RETURN(const int64_t free_pages, db_->QueryInt("PRAGMA freelist_count"));
  ASSIGN_OR_RETURN(const int64_t page_bytes, db_->QueryInt("PRAGMA page_size"));
  stats_.database_bytes = (pages - free_pages) * page_bytes;
  return absl::OkStatus();
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

// After a failed sync another one may succeed without what the first should have written: it goes to the
// database instead, which is synced, and the log begins anew.
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
