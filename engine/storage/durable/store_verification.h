// SPDX-License-Identifier: Apache-2.0
// Looks through a whole database for damage: SQLite's own checks, every checksum, every chunk
// decoded and compared with its summary, the order of chunks, label sets and ids.
//
//   ASSIGN_OR_RETURN(const auto reader, StoreReader::Open("data/sloburn.db"));
//   VerifiedStore found = VerifyStore(*reader, [](const StoreFinding& f) { ... }, {});
//
// Whatever stands in the database, it ends with findings. Takes some 70 bytes of memory per series.
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "engine/storage/durable/store_reader.h"

namespace sloburn {

struct StoreFinding {
  std::string place;   // "data/sloburn.db: chunks row 7 (series 2, up{job=\"a\"})"
  std::string what;    // "its checksum does not match"
  std::string effect;  // what the server does with it
};

struct VerifiedStore {
  int64_t findings = 0;
  int64_t series = 0, chunks = 0, journal_records = 0;
  int64_t samples = 0;      // of chunks, newest samples and journal
  int64_t quarantined = 0;  // set aside by a server before; no findings
};

struct VerifyProgress {
  const char* table;          // that is being read
  int64_t rows = 0, all = 0;  // of all tables
};

VerifiedStore VerifyStore(StoreReader& reader,
                          const std::function<void(const StoreFinding&)>& report,
                          const std::function<void(const VerifyProgress&)>& progress);

}  // namespace sloburn
