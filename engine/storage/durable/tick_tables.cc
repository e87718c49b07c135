// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/durable/tick_tables.h"

#include <cstring>

#include "base/crc32c.h"
#include "base/status_macros.h"
#include "base/str_cat.h"

namespace sloburn {
namespace {

uint32_t ValueChecksum(std::string_view name, std::string_view value) {
  return Crc32c(StrCat(name.size(), " ", name, value));
}

int64_t ReaderChecksum(std::string_view name, const OutboxPosition& position) {
  return Crc32c(StrCat(name.size(), " ", name, " ", position.done, " ", position.claimed));
}

}  // namespace

absl::Status TickTables::Prepare(Sqlite& db) {
  const auto prepare = [&db](SqliteStatement& statement, std::string_view sql) -> absl::Status {
    ASSIGN_OR_RETURN(statement, db.Prepare(sql));
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(prepare(put_value_,
                          "INSERT INTO named_values (name, value) VALUES (CAST(? AS TEXT), ?) "
                          "ON CONFLICT (name) DO UPDATE SET value = excluded.value"));
  RETURN_IF_ERROR(
      prepare(erase_value_, "DELETE FROM named_values WHERE name = CAST(? AS TEXT)"));
  RETURN_IF_ERROR(prepare(put_entry_, "INSERT INTO outbox (seq, record) VALUES (?, ?)"));
  RETURN_IF_ERROR(prepare(erase_entries_, "DELETE FROM outbox WHERE seq <= ?"));
  RETURN_IF_ERROR(prepare(erase_readers_, "DELETE FROM outbox_readers"));
  return prepare(put_reader_,
                 "INSERT INTO outbox_readers (name, done, claimed, crc) "
                 "VALUES (CAST(? AS TEXT), ?, ?, ?)");
}

absl::Status TickTables::WriteValues(const std::vector<NamedValue>& values) {
  for (const NamedValue& value : values) {
    const std::string_view name = value.name;
    if (value.value.empty()) {
      RETURN_IF_ERROR(erase_value_.Run(name));
    } else {
      const std::string row = EncodeNamedValue(value);
      RETURN_IF_ERROR(put_value_.Run(name, std::string_view(row)));
    }
  }
  return absl::OkStatus();
}

absl::Status TickTables::WriteEntry(const OutboxEntry& entry) {
  return put_entry_.Run(entry.seq, std::string_view(entry.record));
}

absl::Status TickTables::WriteReaders(const OutboxPositions& readers, int64_t forgotten) {
  RETURN_IF_ERROR(erase_readers_.Run());
  for (const auto& [name, position] : readers) {
    RETURN_IF_ERROR(put_reader_.Run(std::string_view(name), position.done, position.claimed,
                                    ReaderChecksum(name, position)));
  }
  return erase_entries_.Run(forgotten);
}

std::string EncodeNamedValue(const NamedValue& value) {
  const uint32_t crc = ValueChecksum(value.name, value.value);
  std::string row(reinterpret_cast<const char*>(&crc), sizeof crc);
  row += value.value;
  return row;
}

absl::StatusOr<NamedValue> DecodeNamedValue(std::string_view name, std::string_view row) {
  uint32_t crc;
  if (row.size() < sizeof crc) return absl::DataLossError("it ends early");
  std::memcpy(&crc, row.data(), sizeof crc);
  row.remove_prefix(sizeof crc);
  if (crc != ValueChecksum(name, row)) return absl::DataLossError("its checksum does not match");
  return NamedValue{std::string(name), std::string(row)};
}

absl::StatusOr<OutboxPositions> ReadOutboxReaders(Sqlite& db, std::vector<std::string>& damaged) {
  OutboxPositions readers;
  ASSIGN_OR_RETURN(const int64_t newest, db.QueryInt("SELECT coalesce(max(seq), 0) FROM outbox"));
  ASSIGN_OR_RETURN(SqliteStatement rows,
                   db.Prepare("SELECT name, done, claimed, crc FROM outbox_readers"));
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, rows.Step());
    if (!has_row) return readers;
    const std::string name(rows.Bytes(0));
    OutboxPosition position{rows.Int(1), rows.Int(2)};
    if (rows.Int(3) != ReaderChecksum(name, position)) {
      damaged.push_back(name);
      position = {0, newest};
    }
    readers[name] = position;
  }
}

}  // namespace sloburn
