// SPDX-License-Identifier: Apache-2.0
// The samples of a test script: in memory, or in a database that is closed and opened again after
// each load, so that what is asked has been on disk.
//
// Owns its database, in a folder of its own under $TMPDIR that goes with it. Threads: one.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "cli/promqltest/script.h"
#include "engine/storage/durable/durable_storage.h"
#include "engine/storage/memory_storage.h"

namespace sloburn::cli {

class ScriptStorage {
 public:
  ScriptStorage(ChunkSizes chunks, bool is_on_disk);
  ~ScriptStorage();

  // Forgets all samples. To be called before the first load; errors are those of the file system.
  absl::Status Clear();
  absl::Status Load(const LoadCommand& load);
  // REQUIRES: Clear() was called.
  const Storage& storage() const { return *memory_; }

 private:
  absl::Status Open();
  absl::Status Close();

  const MemoryStorageOptions options_;
  const bool is_on_disk_;
  std::string folder_;
  std::unique_ptr<MemoryStorage> memory_;
  std::unique_ptr<DurableStorage> durable_;  // after memory_, which it borrows
};

}  // namespace sloburn::cli
