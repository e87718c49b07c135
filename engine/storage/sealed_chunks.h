// SPDX-License-Identifier: Apache-2.0
// The older part of a series: immutable chunks in time order, each with its summary, and a tree over
// the summaries, so that what is known about many chunks is found in O(log n).
//
// The arrays only grow at their end, as the columns of the newest samples do: a reader keeps the
// SealedChunks it was given, and looks no further than its size. Chunks that have not reached their
// full size are replaced by larger ones; only the last one can be such.
// Threads: one writer, guarded by the owner; readers need no lock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/storage/chunk_summary.h"
#include "engine/storage/storage.h"

namespace sloburn {

// How the samples of a series are divided. The answers are the same for any.
struct ChunkSizes {
  size_t samples = 1024;   // of a full chunk
  size_t least_head = 64;  // the newest stay as they are, for instant selectors
  size_t step = 128;       // so many more are worth making chunks of

  // REQUIRES: samples > 0.
  static ChunkSizes Of(size_t samples) {
    return {samples, std::min<size_t>(64, samples), std::min<size_t>(128, samples)};
  }
};

struct StoredChunk {
  int64_t min_ms = 0, max_ms = 0;  // of all samples
  uint32_t samples = 0;            // staleness markers included
  int64_t interval_ms = 0;         // of the samples; 0: not the same for all, or one sample
  bool has_markers = false;
  bool is_plain = true;  // floats only, without start timestamps: the summary tells all
  std::string bytes;     // chunk_codec.h
  ChunkSummary summary;

  // What the samples make of all fields but `bytes` and `interval_ms`; for the next two
  // samples.size > 0 is required.
  static StoredChunk Scan(const SampleView& samples, const StoredChunk* known = nullptr);
  // `known`: a chunk of the first samples, or null.
  static std::shared_ptr<const StoredChunk> Make(const SampleView& samples,
                                                 const StoredChunk* known = nullptr);
};

using StoredChunkPtr = std::shared_ptr<const StoredChunk>;

class ChunkArray {
 public:
  struct Slot {
    int64_t max_ms = 0;
    uint64_t floats_before = 0;   // without markers, in all chunks before this one
    uint64_t samples_before = 0;  // likewise, all
    StoredChunkPtr chunk = nullptr;
  };

  explicit ChunkArray(size_t capacity);

  size_t capacity() const { return capacity_; }
  const Slot& slot(size_t i) const { return slots_[i]; }
  // REQUIRES: `size` < capacity(), the number of chunks so far.
  void Add(size_t size, StoredChunkPtr chunk);

  // Of the chunks [begin, end), in order.
  ChunkSummary Summary(size_t begin, size_t end, uint32_t kinds) const;
  // The nodes of the tree.
  size_t tree_bytes() const { return tree_bytes_; }

 private:
  static constexpr size_t kFanOut = 16;

  const size_t capacity_;
  const std::unique_ptr<Slot[]> slots_;
  // levels_[k][i] is of the chunks [i * f, (i + 1) * f) with f = kFanOut ^ (k + 1).
  std::vector<std::unique_ptr<ChunkSummary[]>> levels_;
  size_t tree_bytes_ = 0;
};

// A fixed view of the chunks of a series; a new one is made whenever they change.
struct SealedChunks {
  std::shared_ptr<ChunkArray> full;  // null: none
  size_t full_size = 0;
  StoredChunkPtr open;  // the last one, not full yet; may be null
  uint64_t floats_before_open = 0, samples_before_open = 0;  // those dropped not counted
  // Over all chunks:
  bool is_plain = true, has_sums = true;
  size_t chunk_bytes = 0;  // of all chunks
  // What retention has left behind: floats without markers, and all samples.
  uint64_t floats_dropped = 0, samples_dropped = 0;

  size_t size() const { return full_size + (open == nullptr ? 0 : 1); }
  const StoredChunk& chunk(size_t i) const { return i < full_size ? *full->slot(i).chunk : *open; }
  // REQUIRES: size() > 0. Here and not in the chunks, which a query may not look at otherwise.
  int64_t min_ms() const { return min_ms_; }
  int64_t max_ms() const { return max_ms_; }
  // A guess for FirstEndingFrom; good where all chunks take the same time.
  size_t GuessEndingFrom(int64_t time_ms) const;
  // Since the series began, what was dropped included; i <= size().
  uint64_t floats_before(size_t i) const;
  uint64_t samples_before(size_t i) const;
  // What the summaries of all chunks and the tree over them take in memory.
  size_t summary_bytes() const;
  // The first chunk that ends at or after `time_ms`; size() where there is none. Fast where it is
  // `guess` or the one after.
  size_t FirstEndingFrom(int64_t time_ms, size_t guess = 0) const;
  // `kinds`: FactKind.
  ChunkSummary Summary(size_t begin, size_t end, uint32_t kinds) const;

  // With `samples`, which follow all that are there; a full chunk has `chunk_samples`.
  static std::shared_ptr<const SealedChunks> Add(const SealedChunks* before,
                                                 const SampleView& samples, size_t chunk_samples);
  // Of full chunks in order of time; null where there are none.
  static std::shared_ptr<const SealedChunks> FromFull(const std::vector<StoredChunkPtr>& chunks);
  // Without the full chunks that end before `time_ms`; one chunk stays at least.
  static std::shared_ptr<const SealedChunks> Drop(
      const std::shared_ptr<const SealedChunks>& before, int64_t time_ms);

 private:
  void NoteAdded(const StoredChunk& chunk);
  void AddOpen(StoredChunkPtr chunk);
  void AddFull(StoredChunkPtr chunk);

  int64_t min_ms_ = 0, max_ms_ = 0;
};

}  // namespace sloburn
