// SPDX-License-Identifier: Apache-2.0
// The tables of what is committed together with samples: `named_values`, `outbox` and
// `outbox_readers` (docs/formats/database.md). Private to engine/storage/durable.
//
// Functions that write run within the caller's transaction. Threads: one at a time, that which uses
// the connection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/storage/durable/sqlite.h"
#include "engine/storage/outbox.h"
#include "engine/storage/storage.h"

namespace sloburn {

class TickTables {
 public:
  absl::Status Prepare(Sqlite& db);
  // Before the connection goes.
  void Reset() { *this = {}; }

  absl::Status WriteValues(const std::vector<NamedValue>& values);
  absl::Status WriteEntry(const OutboxEntry& entry);
  // Replaces all readers and deletes the entries up to `forgotten`.
  absl::Status WriteReaders(const OutboxPositions& readers, int64_t forgotten);

 private:
  SqliteStatement put_value_, erase_value_, put_entry_, erase_entries_, erase_readers_, put_reader_;
};

// A value as a row's: a checksum of name and value, and the value.
std::string EncodeNamedValue(const NamedValue& value);
// DataLoss where it is damaged.
absl::StatusOr<NamedValue> DecodeNamedValue(std::string_view name, std::string_view row);

// The readers that are there. One whose checksum does not match is at the begin of the outbox, as
// if it had delivered nothing; its name is added to `damaged`.
absl::StatusOr<OutboxPositions> ReadOutboxReaders(Sqlite& db, std::vector<std::string>& damaged);

}  // namespace sloburn
