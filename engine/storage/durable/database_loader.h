// SPDX-License-Identifier: Apache-2.0
// Reads a database back into a MemoryStorage. Private to engine/storage/durable.
//
// Values that are damaged go to the table `quarantine`; the rest is loaded. A series whose labels are
// damaged keeps its place and its rows, and none of its samples is served. Where pages of the database
// itself are damaged, rows may be missing or be under another key: what is there is loaded, nothing is
// written, and the caller must not write either.
// Threads: one.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/storage/chunk_row.h"
#include "engine/storage/durable/sqlite.h"
#include "engine/storage/memory_storage.h"
#include "engine/storage/outbox.h"

namespace sloburn {

// What of a series is in the database's tables.
struct Persisted {
  uint64_t samples = 0;  // those before are in rows of full chunks
  uint64_t changes = 0;  // SeriesView::changes of what was written last
  uint32_t generation = 0;
};

class DatabaseLoader {
 public:
  DatabaseLoader(Sqlite& db, MemoryStorage& storage) : db_(db), storage_(storage) {}

  absl::Status Load();

  std::vector<Persisted> persisted;   // per series
  int64_t chunks = 0;                 // rows
  int64_t journal_bytes = 0;
  std::vector<NamedValue> values;
  OutboxContents outbox;
  bool is_broken = false;             // pages are damaged, or columns that no checksum covers
  std::vector<std::string> problems;  // a line for each value that was quarantined, and for broken pages

 private:
  // The rows of one series.
  struct SeriesRows {
    bool is_damaged = false;  // its labels: nobody knows whose samples these are
    std::vector<ChunkRow> chunks;      // in order of time
    std::vector<int64_t> chunk_keys;
    bool is_restored = false;           // all of it is in the store
  };
  struct Table;
  static const Table kChunks, kNewest, kJournal, kValues, kOutbox;

  absl::Status CheckPages();
  absl::Status LoadSeries();
  absl::Status LoadChunks();
  void NoteTime(int64_t key, int64_t max_ms, const StoredChunk& chunk);
  absl::Status LoadNewest();
  void Restore(uint32_t id, const SampleBuffer& newest);
  void ReopenLastChunk(uint32_t id);
  absl::Status ReplayJournal();
  absl::Status LoadValues();
  absl::Status LoadOutbox();
  absl::Status Mend();
  bool IsKnown(int64_t series) const;
  void Condemn(const Table& table, int64_t key, const std::string& what,
               const absl::Status& reason);

  struct Condemned {
    const Table* table;
    int64_t key;
    std::string reason;
  };

  Sqlite& db_;
  MemoryStorage& storage_;
  struct Reopened {
    uint32_t series;
    int64_t chunk_key;
    std::string newest;
  };
  std::vector<SeriesRows> rows_;
  std::vector<Condemned> condemned_;
  std::vector<Reopened> reopened_;
};

// A series' labels as a row's value: a checksum and the bytes.
std::string EncodeSeriesRow(const Labels& labels);
// DataLoss where the value is damaged or no label set.
absl::StatusOr<Labels> DecodeSeriesRow(std::string_view value);

}  // namespace sloburn
