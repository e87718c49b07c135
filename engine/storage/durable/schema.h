// SPDX-License-Identifier: Apache-2.0
// The tables of the database: docs/formats/database.md.
//
// Threads: constants and pure functions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/storage/durable/sqlite.h"

namespace sloburn {

inline constexpr int kSchemaVersion = 1;

// What a crash of the machine (not of the process) may take with it.
enum class StorageSync {
  kCommit,    // nothing that was acknowledged
  kInterval,  // the last second
  kOff,       // anything, the whole database included
};

// FailedPrecondition for a database of another program or version. False where it is new and empty.
absl::StatusOr<bool> CheckSchema(Sqlite& db);

// What SQLite's quick_check finds first, "ok" where that is nothing. DataLoss where the pages cannot
// even be looked at.
absl::StatusOr<std::string> QuickCheck(Sqlite& db);

// Makes the tables of a new database, or looks whether those of an old one are ours.
absl::Status PrepareSchema(Sqlite& db, StorageSync sync);

}  // namespace sloburn
