// SPDX-License-Identifier: Apache-2.0
// The table `sync_coverage`: docs/formats/database.md. Private to engine/storage/durable.
//
// Rows are kept in memory as well. A row whose checksum does not match is no claim: it is dropped,
// and what it was about is loaded again.
// Threads: one at a time, that which uses the connection.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/storage/coverage_store.h"
#include "engine/storage/durable/sqlite.h"

namespace sloburn {

class CoverageTable {
 public:
  // Each function writes within a transaction of its own.
  absl::Status Load(Sqlite& db);
  absl::Status Clear(Sqlite& db);
  absl::StatusOr<std::vector<CoveredTime>> Open(Sqlite& db, std::string_view source);
  absl::Status Write(Sqlite& db, const std::vector<CoveredTime>& times);
  // To be called before samples older than `time_ms` go.
  absl::Status ForgetBefore(Sqlite& db, int64_t time_ms);

 private:
  absl::Status Put(Sqlite& db, const CoveredTime& time);

  std::string source_;
  std::map<std::string, CoveredTime> times_;  // of source_; by selector
};

}  // namespace sloburn
