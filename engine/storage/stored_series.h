// SPDX-License-Identifier: Apache-2.0
// The samples of one series in memory: sealed chunks, and after them the newest samples as growing
// columns (the head).
//
// Columns only grow at their end, so a view of them is a length: cheap to take, and what was
// appended since stays out of sight. A column that runs out of room is copied to a larger one;
// readers keep the old one alive. Late samples go into a copy as well.
// Threads: guarded by the owner; a SeriesView may be read without its lock.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "engine/model/sample.h"
#include "engine/storage/sealed_chunks.h"

namespace sloburn {

struct NewSample {
  int64_t timestamp_ms;
  int64_t start_ms;
  double value;
  HistogramPtr histogram;
};

inline NewSample SampleAt(const SampleView& view, size_t i) {
  return {view.timestamps[i], view.starts == nullptr ? 0 : view.starts[i], view.values[i],
          view.histograms == nullptr ? nullptr : view.histograms[i]};
}

inline void AppendTo(SampleBuffer& buffer, NewSample sample) {
  buffer.Append(sample.timestamp_ms, sample.value, std::move(sample.histogram), sample.start_ms);
}

struct HeadColumns {
  explicit HeadColumns(size_t room)
      : timestamps(new int64_t[room]), values(new double[room]), capacity(room) {}
  const std::unique_ptr<int64_t[]> timestamps;
  const std::unique_ptr<double[]> values;
  // Null until the series gets its first one.
  std::unique_ptr<HistogramPtr[]> histograms;
  std::unique_ptr<int64_t[]> starts;
  const size_t capacity;

  SampleView View(size_t begin, size_t end) const;
};

// What a series takes in memory.
struct SeriesFigures {
  int64_t chunks = 0;         // sealed ones
  int64_t chunk_bytes = 0;    // of them
  int64_t summary_bytes = 0;  // of their summaries
  int64_t head_samples = 0;
};

// A float below the one before.
struct Reset {
  uint64_t position;  // of the float, counted since the series began, markers left out
  double before;
};

// Grows at its end as the columns do.
struct ResetArray {
  explicit ResetArray(size_t room) : resets(new Reset[room]), capacity(room) {}
  const std::unique_ptr<Reset[]> resets;
  const size_t capacity;
};

// A fixed view of a series.
struct SeriesView {
  uint64_t changes = 0;  // samples ever put in: another number, another content
  uint32_t generation = 0;  // how often all was forgotten; positions count anew then
  std::shared_ptr<const SealedChunks> sealed;  // null: none
  std::shared_ptr<const HeadColumns> head;
  size_t head_size = 0;
  uint64_t floats_before_head = 0;
  // All resets in order, unless there are so many that they are not kept.
  std::shared_ptr<const ResetArray> resets;
  size_t resets_size = 0;
  bool keeps_resets = true;
  bool is_plain = true;  // floats only, without start timestamps
  int64_t interval_ms = 0;
  bool has_markers = false;
  bool has_resets = false;
};

class StoredSeries {
 public:
  // Whether there is no sample. The newest one never leaves the head.
  bool empty() const { return head_size_ == 0; }
  // REQUIRES: !empty(), for this and the next three.
  int64_t newest_ms() const { return newest_ms_; }
  double newest_value() const { return head_->values[head_size_ - 1]; }
  HistogramPtr newest_histogram() const;
  int64_t oldest_ms() const { return oldest_ms_; }
  size_t samples() const;
  // Whether a sample that is older than the newest can still be put in: what is sealed stays so.
  bool TakesAt(int64_t timestamp_ms) const {
    return sealed_ == nullptr || timestamp_ms > sealed_max_ms_;
  }

  // REQUIRES: newer than all.
  void Push(NewSample sample);
  // The same for several, in order of time.
  void PushAll(const SampleView& samples);
  // Samples that are not, in order of time. REQUIRES: TakesAt their times, no sample there yet, and
  // newest_ms() stays the newest.
  void InsertAll(const SampleView& late);
  // The sample at `timestamp_ms` in the head, or nothing.
  bool FindInHead(int64_t timestamp_ms, NewSample* found) const;

  // Makes chunks of samples that are older than `before_ms` and not needed in the head, where there
  // are enough of them.
  void Seal(int64_t before_ms, const ChunkSizes& sizes);
  // Puts full chunks that were written to disk, and what is known of them, into an empty series.
  void Restore(const std::vector<StoredChunkPtr>& chunks, const std::vector<Reset>& resets,
               bool keeps_resets, int64_t interval_ms);
  // Forgets chunks that end before `time_ms`, or everything where the newest sample is older than
  // that. Returns how many samples that were.
  size_t Drop(int64_t time_ms);

  // Of the samples from `min_ms` on; those before may be left out.
  SeriesView View(int64_t min_ms = std::numeric_limits<int64_t>::min()) const;
  SeriesFigures Figures() const;  // cheap

 private:
  // To new columns with room for `capacity`, without the oldest `skip`.
  void MoveHead(size_t skip, size_t capacity);
  void Write(size_t at, NewSample sample);
  void NoteFloat(double value);
  void AddReset(Reset reset);
  void RecountFloats();

  void SetSealed(std::shared_ptr<const SealedChunks> sealed);

  // First what every query looks at, of all series.
  int64_t newest_ms_ = 0, oldest_ms_ = 0, sealed_max_ms_ = 0;
  size_t head_size_ = 0;
  std::shared_ptr<HeadColumns> head_;
  std::shared_ptr<const SealedChunks> sealed_;
  uint32_t generation_ = 0;
  uint64_t pushed_ = 0;       // samples ever
  uint64_t floats_ = 0;       // of them floats, without markers
  double newest_float_ = 0;   // where floats_ > 0
  uint64_t floats_before_head_ = 0;
  double float_before_head_ = 0;  // where floats_before_head_ > 0
  std::shared_ptr<ResetArray> resets_;
  size_t resets_size_ = 0;
  bool keeps_resets_ = true;
  // Of all samples ever: their distance where it is the same for all, otherwise 0.
  int64_t interval_ms_ = 0;
  bool has_markers_ = false, has_resets_ = false;
  bool is_plain_ = true;
};

}  // namespace sloburn
