// SPDX-License-Identifier: Apache-2.0
// Checkpoints of a DurableStorage: chunks and newest samples go to their tables, what is too old
// goes.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/status_macros.h"
#include "engine/storage/chunk/chunk_codec.h"
#include "engine/storage/chunk_row.h"
#include "engine/storage/durable/durable_storage.h"

namespace sloburn {
namespace {

// Commits wait while so many series are written.
constexpr uint32_t kSeriesAtOnce = 500;

// The resets of the full chunk `i` of a series, positions from its first float on.
std::vector<Reset> ResetsOf(const SeriesView& view, size_t i) {
  std::vector<Reset> found;
  const uint64_t begin = view.sealed->floats_before(i), end = view.sealed->floats_before(i + 1);
  for (size_t k = 0; k < view.resets_size; ++k) {
    const Reset& reset = view.resets->resets[k];
    if (reset.position >= end) break;
    if (reset.position >= begin) found.push_back({reset.position - begin, reset.before});
  }
  return found;
}

}  // namespace

absl::Status DurableStorage::WriteSeries(uint32_t id, const SeriesView& view,
                                         Persisted& persisted) {
  if (view.generation != persisted.generation) {
    // All that was there has been forgotten.
    persisted = {0, 0, view.generation};
    RETURN_IF_ERROR(statements_.erase_newest.Run(int64_t{id}));
  }
  if (view.changes == persisted.changes || view.head == nullptr) return absl::OkStatus();
  std::vector<std::string> newest;
  if (view.sealed != nullptr) {
    const SealedChunks& sealed = *view.sealed;
    for (size_t i = 0; i < sealed.full_size; ++i) {
      if (sealed.samples_before(i) < persisted.samples) continue;
      const StoredChunkPtr& chunk = sealed.full->slot(i).chunk;
      // Positions count all floats, and the chunks only those of plain ones: beside others they
      // would belong elsewhere.
      const bool has_resets = view.keeps_resets && view.is_plain;
      const bool keeps_resets = has_resets || chunk->summary.resets == 0;
      const std::string row = EncodeChunkRow(
          id, {chunk, has_resets ? ResetsOf(view, i) : std::vector<Reset>(), keeps_resets});
      RETURN_IF_ERROR(
          statements_.insert_chunk.Run(int64_t{id}, chunk->max_ms, std::string_view(row)));
      ++stats_.chunks;
      persisted.samples = sealed.samples_before(i + 1);
    }
    if (sealed.open != nullptr) newest.push_back(sealed.open->bytes);
  }
  for (size_t begin = 0; begin < view.head_size; begin += kMaxChunkSamples) {
    const size_t end = std::min(view.head_size, begin + kMaxChunkSamples);
    newest.push_back(EncodeChunk(view.head->View(begin, end)));
  }
  const std::string row = EncodeNewestSamples(id, newest);
  RETURN_IF_ERROR(statements_.replace_newest.Run(int64_t{id}, std::string_view(row)));
  persisted.changes = view.changes;
  return absl::OkStatus();
}

absl::Status DurableStorage::CheckpointSeries(uint32_t begin, uint32_t end) {
  const std::vector<SeriesView> views = storage_.Views(begin, end);
  absl::MutexLock lock(&mutex_);
  if (persisted_.size() < begin + views.size()) persisted_.resize(begin + views.size());
  std::vector<Persisted> persisted(persisted_.begin() + begin,
                                   persisted_.begin() + begin + views.size());
  const int64_t chunks = stats_.chunks;
  RETURN_IF_ERROR(coverage_.ForgetBefore(*db_, storage_.ForgottenBefore()));
  const absl::Status status = db_->Transact([&]() -> absl::Status {
    mutex_.AssertHeld();
    for (uint32_t i = 0; i < views.size(); ++i) {
      RETURN_IF_ERROR(WriteSeries(begin + i, views[i], persisted[i]));
    }
    return absl::OkStatus();
  });
  if (!status.ok()) {
    stats_.chunks = chunks;
    return status;
  }
  std::copy(persisted.begin(), persisted.end(), persisted_.begin() + begin);
  return absl::OkStatus();
}

absl::Status DurableStorage::CheckpointAll() {
  const auto series = static_cast<uint32_t>(storage_.Stats().ids);
  for (uint32_t begin = 0; begin < series; begin += kSeriesAtOnce) {
    RETURN_IF_ERROR(CheckpointSeries(begin, std::min(series, begin + kSeriesAtOnce)));
  }
  return absl::OkStatus();
}

absl::Status DurableStorage::Checkpoint() {
  absl::MutexLock checkpoint_lock(&checkpoint_mutex_);
  int64_t last = 0, journal_bytes = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (db_ == nullptr) return absl::FailedPreconditionError("the store is closed");
    // Whatever is in the journal now is in memory as well once the commit in hand is done.
    ASSIGN_OR_RETURN(last, db_->QueryInt("SELECT coalesce(max(seq), 0) FROM journal"));
    journal_bytes = stats_.journal_bytes;
  }
  storage_.AwaitCommit();
  RETURN_IF_ERROR(CheckpointAll());
  {
    absl::MutexLock lock(&mutex_);
    ASSIGN_OR_RETURN(SqliteStatement erase, db_->Prepare("DELETE FROM journal WHERE seq <= ?"));
    RETURN_IF_ERROR(erase.Run(last));
    stats_.journal_bytes -= journal_bytes;
    oldest_record_ = stats_.journal_bytes > 0 ? absl::Now() : absl::InfiniteFuture();
    ++stats_.checkpoints;
  }
  return DropOld();
}

absl::Status DurableStorage::DropOld() {
  int64_t bound = std::numeric_limits<int64_t>::min();
  if (options_.retention != absl::InfiniteDuration()) {
    bound = storage_.Stats().max_time_ms - absl::ToInt64Milliseconds(options_.retention);
  }
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(MeasureDatabase());
  const int64_t excess = stats_.database_bytes - options_.retention_bytes;
  if (options_.retention_bytes > 0 && excess > 0 && stats_.chunks > 0) {
    // The oldest chunks, by their share.
    const auto rows =
        static_cast<int64_t>(static_cast<double>(stats_.chunks) * static_cast<double>(excess) /
                             static_cast<double>(stats_.database_bytes));
    ASSIGN_OR_RETURN(SqliteStatement find,
                     db_->Prepare("SELECT max_ms FROM chunks ORDER BY max_ms LIMIT 1 OFFSET ?"));
    RETURN_IF_ERROR(find.Start(std::min(rows, stats_.chunks - 1)));
    ASSIGN_OR_RETURN(const bool has_row, find.Step());
    if (has_row) bound = std::max(bound, find.Int(0) + 1);
  }
  if (bound == std::numeric_limits<int64_t>::min()) return absl::OkStatus();
  RETURN_IF_ERROR(coverage_.ForgetBefore(*db_, bound));
  // Newest samples that stayed would be served again after a crash. What such a series gets
  // meanwhile is in the journal alone until the next checkpoint.
  const std::vector<uint32_t> emptied = storage_.DropBefore(bound);
  int64_t erased = 0;
  RETURN_IF_ERROR(db_->Transact([&]() -> absl::Status {
    mutex_.AssertHeld();
    for (const uint32_t id : emptied) {
      RETURN_IF_ERROR(statements_.erase_newest.Run(int64_t{id}));
    }
    ASSIGN_OR_RETURN(SqliteStatement erase, db_->Prepare("DELETE FROM chunks WHERE max_ms < ?"));
    RETURN_IF_ERROR(erase.Run(bound));
    ASSIGN_OR_RETURN(erased, db_->QueryInt("SELECT changes()"));
    return absl::OkStatus();
  }));
  stats_.chunks -= erased;
  return absl::OkStatus();
}

absl::Status DurableStorage::MeasureDatabase() {
  ASSIGN_OR_RETURN(const int64_t pages, db_->QueryInt("PRAGMA page_count"));
  ASSIGN_OR_RETURN(const int64_t free_pages, db_->QueryInt("PRAGMA freelist_count"));
  ASSIGN_OR_RETURN(const int64_t page_bytes, db_->QueryInt("PRAGMA page_size"));
  stats_.database_bytes = (pages - free_pages) * page_bytes;
  return absl::OkStatus();
}

}  // namespace sloburn
