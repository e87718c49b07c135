// SPDX-License-Identifier: Apache-2.0
// What was committed and has to go to other places: an entry per commit, kept until every reader
// has delivered it, with the place of each reader.
//
//   Outbox outbox(storage, {});
//   storage.SetOutbox(&outbox);                // commits that are marked as sent fill it
//   outbox.AddReader("http://peer/api/v1/write");
//   while (auto batch = outbox.Next(name, 2000)) {   // waits
//     ... deliver, for as long as it takes ...
//     outbox.Acknowledge(name);
//   }
//
// Next gives the same batch until it is acknowledged, also after a restart where there is a log:
// its end is written down before it is given. So a batch was delivered wholly or not, and a reader
// that may have delivered it before is told so.
// Ownership: `storage` and the log must outlive it. Threads: any; one thread per reader.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "engine/model/sample.h"
#include "engine/storage/commit_log.h"

namespace sloburn {

class MemoryStorage;

// Entries up to `done` are delivered; those up to `claimed` may be.
struct OutboxPosition {
  int64_t done = 0, claimed = 0;

  friend bool operator==(const OutboxPosition&, const OutboxPosition&) = default;
};
using OutboxPositions = std::map<std::string, OutboxPosition, std::less<>>;  // by reader

struct OutboxContents {
  std::vector<OutboxEntry> entries;  // in order
  OutboxPositions readers;
};

// Where the outbox outlives the process.
class OutboxLog {
 public:
  virtual ~OutboxLog() = default;
  // Replaces what is known of all readers and forgets the entries up to `forgotten`.
  virtual absl::Status WriteOutbox(const OutboxPositions& readers, int64_t forgotten) = 0;
};

struct OutboxOptions {
  int64_t max_bytes = 256 << 20;  // of entries; where there are more, the oldest are dropped
};

struct OutboxBatch {
  std::vector<SeriesSamples> series;  // samples of each in the order of their commits
  size_t samples = 0;
  int64_t newest_ms = 0;
  bool may_be_delivered = false;
};

struct OutboxStats {
  int64_t entries = 0, bytes = 0;
};

struct OutboxReaderStats {
  int64_t samples_pending = 0;  // those of the batch in hand included
  int64_t samples_dropped = 0;  // since the start, before they could be delivered
  int64_t newest_ms = 0;        // of all that was committed since the start
};

class Outbox {
 public:
  Outbox(const MemoryStorage& storage, OutboxOptions options)
      : storage_(storage), options_(options) {}

  // Before the first commit: what was there when the process ended before.
  void Restore(OutboxContents contents, OutboxLog* log);

  // Where the reader is known, it goes on where it was; a new one begins with the next commit.
  void AddReader(const std::string& name);
  // Forgets all readers but these, and what they had not delivered: so many samples.
  std::map<std::string, int64_t> KeepReaders(const std::vector<std::string>& names);

  // The next batch of at least one entry, and of more while they have `max_samples` at most. Waits
  // for it; nullopt after Stop(name) or where the reader is unknown.
  std::optional<OutboxBatch> Next(std::string_view name, size_t max_samples);
  // The batch that Next gave is delivered.
  void Acknowledge(std::string_view name);
  // Ends waiting, of now and later, until Resume.
  void Stop(std::string_view name);
  void Resume(std::string_view name);
  // False where something is pending after that time.
  bool WaitUntilDelivered(std::string_view name, absl::Duration patience);

  OutboxStats Stats() const;
  OutboxReaderStats ReaderStats(std::string_view name) const;

  // For the storage, one commit at a time: the entry of a commit, which has to be given to Add once
  // it is certain. Nullopt where nobody reads.
  std::optional<OutboxEntry> Prepare(const std::vector<CommittedSeries>& commit);
  void Add(OutboxEntry entry);

 private:
  struct Reader {
    OutboxPosition position;
    bool is_stopped = false;
    int64_t samples_pending = 0, samples_dropped = 0;
    int64_t samples_in_hand = 0;  // of the batch that Next gave: its entries may be gone
  };

  void TakeInHand(Reader& reader, int64_t samples) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  OutboxPosition Claim(Reader& reader, size_t max_samples) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  OutboxBatch Decode(const std::vector<std::string>& records) const;
  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetDelivered() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PopFront() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t CountAfter(int64_t seq) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // To the log, without the lock.
  void Save();

  const MemoryStorage& storage_;
  const OutboxOptions options_;
  absl::Mutex save_mutex_;  // one writer of the log at a time; before mutex_
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  OutboxLog* log_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::deque<OutboxEntry> entries_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Reader, std::less<>> readers_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t last_seq_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t newest_ms_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time last_drop_log_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Time last_save_log_ ABSL_GUARDED_BY(save_mutex_) = absl::InfinitePast();
};

}  // namespace sloburn
