// SPDX-License-Identifier: Apache-2.0
// Keeps a MemoryStorage on disk, in one SQLite database, so that what was committed outlives the
// process.
//
//   MemoryStorage storage(options);
//   ASSIGN_OR_RETURN(auto durable, DurableStorage::Open("data/sloburn.db", durable_options, storage));
//   ... use `storage` ...
//   RETURN_IF_ERROR(durable->Close());
//
// A commit is one row of the journal, written before it shows. From time to time a checkpoint writes
// full chunks, once each, and the newest samples of the series that have changed, and deletes the
// journal up to where it began. Doing any part of that twice changes nothing: samples that are there
// already are ignored, so a process may end at any point. At the start all is read back; what its
// checksum calls damaged is moved to the table `quarantine`, told, and never served; where SQLite's own
// pages are damaged, all that could be read is written to a new database.
// Ownership: `storage` must outlive it. Threads: any, but Close and the destructor.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/storage/commit_log.h"
#include "engine/storage/coverage_store.h"
#include "engine/storage/durable/coverage_table.h"
#include "engine/storage/durable/database_loader.h"
#include "engine/storage/durable/schema.h"
#include "engine/storage/durable/sqlite.h"
#include "engine/storage/durable/tick_tables.h"
#include "engine/storage/memory_storage.h"
#include "engine/storage/outbox.h"

namespace sloburn {

struct DurableOptions {
  StorageSync sync = StorageSync::kInterval;
  absl::Duration sync_interval = absl::Seconds(1);
  // A checkpoint begins where the journal has grown to this, or its oldest record is this old.
  int64_t journal_bytes = 16 << 20;
  absl::Duration checkpoint_interval = absl::Minutes(30);
  absl::Duration retention = absl::InfiniteDuration();
  int64_t retention_bytes = 0;  // of the database; 0: no limit
};

struct DurableStats {
  int64_t database_bytes = 0;  // pages in use, at the start or the last checkpoint
  int64_t wal_bytes = 0;       // the file's size now
  int64_t journal_bytes = 0;
  int64_t chunks = 0;          // rows
  int64_t quarantined = 0;     // values found damaged since the database was made
  int64_t problems = 0;        // found at this start
  int64_t checkpoints = 0, failed_commits = 0, failed_syncs = 0;  // since the start
  absl::Duration open_time;
};

class DurableStorage : public CommitLog, public CoverageStore, public OutboxLog {
 public:
  // Fills `storage`, which must be new, and becomes its log. DataLoss where the database is damaged
  // as a whole: it is renamed then, and the next start begins a new one. FailedPrecondition for a
  // file of another program or version, Unavailable where another process has it.
  static absl::StatusOr<std::unique_ptr<DurableStorage>> Open(const std::string& path,
                                                              DurableOptions options,
                                                              MemoryStorage& storage);
  ~DurableStorage() override;

  absl::Status Write(const std::vector<CommittedSeries>& commit,
                     const std::vector<NamedValue>& values, const OutboxEntry* entry) override;
  absl::Status WriteOutbox(const OutboxPositions& readers, int64_t forgotten) override;
  // What was found at the start; once.
  std::vector<NamedValue> TakeValues();
  OutboxContents TakeOutbox();
  // What was loaded from a source. Nothing is known where the start found damage: what is damaged may
  // have been part of it. Times are cut before samples are forgotten.
  absl::StatusOr<std::vector<CoveredTime>> OpenCoverage(std::string_view source) override;
  absl::Status WriteCoverage(const std::vector<CoveredTime>& times) override;
  absl::Status Checkpoint();
  // Writes all to its final place. What is committed afterwards fails.
  absl::Status Close();

  DurableStats Stats() const;
  // What was found wrong at the start, one line each.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  DurableStorage(DurableOptions options, MemoryStorage& storage)
      : options_(options), storage_(storage) {}

  // durable_open.cc
  absl::Status CheckLog(const std::string& path);
  absl::Status Fill(const std::string& path);
  absl::Status Connect(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status PrepareStatements() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Rebuild(const std::string& path);
  absl::Status WriteAllTo(const std::string& path);
  absl::Status Lock(const std::string& path);
  // Whether the database's pages are damaged.
  absl::StatusOr<bool> Load() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // durable_checkpoint.cc
  absl::Status CheckpointAll();
  absl::Status CheckpointSeries(uint32_t begin, uint32_t end);
  absl::Status WriteSeries(uint32_t id, const SeriesView& view, Persisted& persisted)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status DropOld();
  absl::Status MeasureDatabase() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // durable_storage.cc
  void Disconnect() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteRecord(const std::vector<CommittedSeries>& commit, std::string_view record,
                           const std::vector<NamedValue>& values, const OutboxEntry* entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteCommit(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status SyncToDisk();
  absl::Status RenewLog();
  bool IsCheckpointDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Tend();

  const DurableOptions options_;
  MemoryStorage& storage_;
  std::vector<std::string> problems_;

  absl::Mutex checkpoint_mutex_;  // one at a time; before mutex_
  mutable absl::Mutex mutex_;
  std::unique_ptr<Sqlite> db_ ABSL_GUARDED_BY(mutex_);
  struct Statements {
    SqliteStatement insert_record, insert_series, insert_chunk, replace_newest, erase_newest;
  };
  Statements statements_ ABSL_GUARDED_BY(mutex_);  // of db_
  std::vector<Persisted> persisted_ ABSL_GUARDED_BY(mutex_);  // per series
  DurableStats stats_ ABSL_GUARDED_BY(mutex_);
  CoverageTable coverage_ ABSL_GUARDED_BY(mutex_);
  TickTables tick_tables_ ABSL_GUARDED_BY(mutex_);  // of db_
  std::vector<NamedValue> values_ ABSL_GUARDED_BY(mutex_);  // found at the start, until taken
  OutboxContents outbox_ ABSL_GUARDED_BY(mutex_);           // the same
  absl::Time oldest_record_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  bool is_unsynced_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the last sync, where it failed: commits fail with it until all is on the disk.
  absl::Status sync_error_ ABSL_GUARDED_BY(mutex_);
  bool renews_log_ ABSL_GUARDED_BY(mutex_) = false;     // SQLite's log is to begin anew
  bool commits_fail_ ABSL_GUARDED_BY(mutex_) = false;  // the last one did
  bool stops_ ABSL_GUARDED_BY(mutex_) = false;
  int lock_ = -1;  // an open file whose lock says that the database is ours
  int wal_ = -1;   // the file that commits are written to, for syncing it
  std::thread thread_;
};

}  // namespace sloburn
