// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/sealed_chunks.h"

#include <algorithm>
#include <utility>

#include "engine/model/stale.h"
#include "engine/storage/chunk/chunk_codec.h"
#include "engine/storage/without_markers.h"

namespace sloburn {
namespace {

constexpr size_t kFirstCapacity = 4;

ChunkSummary SummarizeFloats(const SampleView& samples) {
  SampleBuffer kept;
  const SampleView floats = WithoutMarkers(samples, kept);
  return Summarize({floats.values, floats.size, floats.timestamps});
}

}  // namespace

StoredChunk StoredChunk::Scan(const SampleView& samples, const StoredChunk* known) {
  StoredChunk chunk;
  chunk.min_ms = samples.timestamps[0];
  chunk.max_ms = samples.timestamps[samples.size - 1];
  chunk.samples = static_cast<uint32_t>(samples.size);
  chunk.has_markers = HasStale(samples.values, samples.size);
  chunk.is_plain = samples.histograms == nullptr && samples.starts == nullptr;
  if (!chunk.is_plain) return chunk;
  if (known == nullptr) {
    chunk.summary = SummarizeFloats(samples);
  } else {
    chunk.summary = known->summary;
    chunk.summary.Append(
        SummarizeFloats(samples.Part(known->samples, samples.size - known->samples)));
  }
  return chunk;
}

StoredChunkPtr StoredChunk::Make(const SampleView& samples, const StoredChunk* known) {
  auto chunk = std::make_shared<StoredChunk>(Scan(samples, known));
  chunk->bytes = EncodeChunk(samples);
  chunk->bytes.shrink_to_fit();
  chunk->interval_ms = InspectChunk(chunk->bytes)->interval_ms;
  return chunk;
}

ChunkArray::ChunkArray(size_t capacity) : capacity_(capacity), slots_(new Slot[capacity]) {
  for (size_t nodes = capacity / kFanOut; nodes > 0; nodes /= kFanOut) {
    levels_.push_back(std::make_unique<ChunkSummary[]>(nodes));
    tree_bytes_ += nodes * sizeof(ChunkSummary);
  }
}

void ChunkArray::Add(size_t size, StoredChunkPtr chunk) {
  Slot& slot = slots_[size];
  slot.max_ms = chunk->max_ms;
  if (size > 0) {
    const Slot& last = slots_[size - 1];
    slot.floats_before = last.floats_before + last.chunk->summary.count;
    slot.samples_before = last.samples_before + last.chunk->samples;
  }
  slot.chunk = std::move(chunk);
  // The nodes that are complete now.
  size_t end = size + 1;
  for (size_t level = 0; level < levels_.size() && end % kFanOut == 0; ++level) {
    ChunkSummary& node = levels_[level][end / kFanOut - 1];
    for (size_t i = end - kFanOut; i < end; ++i) {
      node.Append(level == 0 ? slots_[i].chunk->summary : levels_[level - 1][i]);
    }
    end /= kFanOut;
  }
}

ChunkSummary ChunkArray::Summary(size_t begin, size_t end, uint32_t kinds) const {
  ChunkSummary all;
  while (begin < end) {
    size_t size = 1, level = 0;
    while (level < levels_.size() && begin % (size * kFanOut) == 0 &&
           begin + size * kFanOut <= end) {
      size *= kFanOut;
      ++level;
    }
    all.Append(level == 0 ? slots_[begin].chunk->summary : levels_[level - 1][begin / size], kinds);
    begin += size;
  }
  return all;
}

size_t SealedChunks::summary_bytes() const {
  return size() * sizeof(ChunkSummary) + (full == nullptr ? 0 : full->tree_bytes());
}

uint64_t SealedChunks::floats_before(size_t i) const {
  if (i < full_size) return floats_dropped + full->slot(i).floats_before;
  const uint64_t before = floats_dropped + floats_before_open;
  return i == full_size ? before : before + open->summary.count;
}

uint64_t SealedChunks::samples_before(size_t i) const {
  if (i < full_size) return samples_dropped + full->slot(i).samples_before;
  const uint64_t before = samples_dropped + samples_before_open;
  return i == full_size ? before : before + open->samples;
}

size_t SealedChunks::FirstEndingFrom(int64_t time_ms, size_t guess) const {
  size_t begin = 0, end = full_size;
  if (guess < full_size && full->slot(guess).max_ms < time_ms) ++guess;
  if (guess < full_size && full->slot(guess).max_ms >= time_ms &&
      (guess == 0 || full->slot(guess - 1).max_ms < time_ms)) {
    return guess;
  }
  while (begin < end) {
    const size_t middle = (begin + end) / 2;
    if (full->slot(middle).max_ms < time_ms) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  if (begin == full_size && open != nullptr && open->max_ms < time_ms) return full_size + 1;
  return begin;
}

ChunkSummary SealedChunks::Summary(size_t begin, size_t end, uint32_t kinds) const {
  ChunkSummary all;
  if (begin < full_size) all = full->Summary(begin, std::min(end, full_size), kinds);
  if (begin < end && end > full_size) all.Append(open->summary, kinds);
  return all;
}

size_t SealedChunks::GuessEndingFrom(int64_t time_ms) const {
  if (time_ms <= min_ms_) return 0;
  if (time_ms >= max_ms_) return size() - 1;
  const double share = (static_cast<double>(time_ms) - static_cast<double>(min_ms_)) /
                       (static_cast<double>(max_ms_) - static_cast<double>(min_ms_));
  // The last chunk may be of any length up to theirs: this is the right one or the one before.
  const double guess = share * (static_cast<double>(size()) - 0.5) - 0.5;
  return static_cast<size_t>(std::max(guess, 0.0));
}

void SealedChunks::NoteAdded(const StoredChunk& chunk) {
  is_plain &= chunk.is_plain;
  has_sums &= chunk.summary.has_sums;
  chunk_bytes += chunk.bytes.size();
  if (size() == 0) min_ms_ = chunk.min_ms;
  max_ms_ = chunk.max_ms;
}

void SealedChunks::AddOpen(StoredChunkPtr chunk) {
  NoteAdded(*chunk);
  open = std::move(chunk);
}

void SealedChunks::AddFull(StoredChunkPtr chunk) {
  NoteAdded(*chunk);
  if (full == nullptr || full_size == full->capacity()) {
    auto larger = std::make_shared<ChunkArray>(full == nullptr ? kFirstCapacity
                                                               : full_size + full_size / 2 + 1);
    for (size_t i = 0; i < full_size; ++i) larger->Add(i, full->slot(i).chunk);
    full = std::move(larger);
  }
  floats_before_open += chunk->summary.count;
  samples_before_open += chunk->samples;
  full->Add(full_size++, std::move(chunk));
}

std::shared_ptr<const SealedChunks> SealedChunks::Add(const SealedChunks* before,
                                                      const SampleView& samples,
                                                      size_t chunk_samples) {
  auto made = before == nullptr ? std::make_shared<SealedChunks>()
                                : std::make_shared<SealedChunks>(*before);
  StoredChunkPtr open = std::exchange(made->open, nullptr);
  if (open != nullptr) made->chunk_bytes -= open->bytes.size();
  SampleBuffer joined;
  SampleView all = samples;
  if (open != nullptr && DecodeChunk(open->bytes, joined).ok()) {
    joined.Append(samples);
    all = joined.View();
  } else if (open != nullptr) {
    // Whoever reads it is told what is wrong with it.
    made->AddFull(std::exchange(open, nullptr));
  }
  for (size_t begin = 0; begin < all.size; begin += chunk_samples) {
    const size_t size = std::min(chunk_samples, all.size - begin);
    StoredChunkPtr chunk =
        StoredChunk::Make(all.Part(begin, size), begin == 0 ? open.get() : nullptr);
    size == chunk_samples ? made->AddFull(std::move(chunk)) : made->AddOpen(std::move(chunk));
  }
  return made;
}

std::shared_ptr<const SealedChunks> SealedChunks::FromFull(
    const std::vector<StoredChunkPtr>& chunks) {
  if (chunks.empty()) return nullptr;
  auto made = std::make_shared<SealedChunks>();
  for (const StoredChunkPtr& chunk : chunks) made->AddFull(chunk);
  return made;
}

std::shared_ptr<const SealedChunks> SealedChunks::Drop(
    const std::shared_ptr<const SealedChunks>& before, int64_t time_ms) {
  const size_t first =
      std::min({before->FirstEndingFrom(time_ms), before->full_size, before->size() - 1});
  if (first == 0) return before;
  auto made = std::make_shared<SealedChunks>();
  made->floats_dropped = before->floats_before(first);
  made->samples_dropped = before->samples_before(first);
  for (size_t i = first; i < before->full_size; ++i) made->AddFull(before->full->slot(i).chunk);
  if (before->open != nullptr) made->AddOpen(before->open);
  return made;
}

}  // namespace sloburn
