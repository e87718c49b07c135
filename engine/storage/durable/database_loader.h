// SPDX-License-Identifier: Apache-2.0
// Reads a database back into a MemoryStorage. Private to engine/storage/durable.
//
// Values that are damaged go to the table `quarantine`; the rest is loaded.
// Threads: one.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/storage/durable/sqlite.h"
#include "engine/storage/memory_storage.h"

namespace sloburn {

// What of a series is in the database's tables.
struct Persisted {
  uint64_t samples = 0;  // those before are in rows of full chunks
  uint64_t changes = 0;  // SeriesView::changes of what was written last
};

class DatabaseLoader {
 public:
  DatabaseLoader(Sqlite& db, MemoryStorage& storage) : db_(db), storage_(storage) {}

  absl::Status Load();

  std::vector<Persisted> persisted;   // per series
  int64_t chunks = 0;                 // rows
  int64_t journal_bytes = 0;
  std::vector<std::string> problems;  // a line for each value that was quarantined

 private:
  absl::Status LoadSeries();
  absl::Status LoadChunks();
  absl::Status LoadNewest();
  absl::Status ReplayJournal();
  absl::Status QuarantineAll();
  void Condemn(const char* table, int64_t key, const std::string& what,
               const absl::Status& reason);

  struct Condemned {
    const char* table;
    int64_t key;
    std::string reason;
  };

  Sqlite& db_;
  MemoryStorage& storage_;
  std::vector<Condemned> condemned_;
};

// A series' labels as a row's value: a checksum and the bytes.
std::string EncodeSeriesRow(const Labels& labels);

}  // namespace sloburn
