// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/stored_facts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "engine/storage/chunk/chunk_codec.h"
#include "engine/storage/without_markers.h"

namespace sloburn {
namespace {

constexpr uint32_t kFoldedFacts = kFactChanges | kFactExtremes | kFactSum | kFactVariance;

// What is looked at in the summaries: a sum is judged by what was added up.
uint32_t FoldedKinds(uint32_t kinds) {
  return (kinds & kFactSum) != 0 ? kinds | kFactExtremes : kinds;
}

FloatColumn FloatsIn(const SampleView& view, SampleBuffer& kept) {
  const SampleView floats = WithoutMarkers(view, kept);
  return {floats.values, floats.size, floats.timestamps};
}

// Room for the values of a chunk; a thread keeps some from one series to the next.
class ValueRoom {
 public:
  ValueRoom() = default;
  ValueRoom(const ValueRoom&) = delete;
  ~ValueRoom() {
    if (size_ > 0 && Spare().size() < kMostSpare) Spare().push_back(std::move(values_));
  }

  double* For(size_t size) {
    if (size <= size_) return values_.get();
    size_ = std::max(size, kUsualSize);
    if (size_ == kUsualSize && !Spare().empty()) {
      values_ = std::move(Spare().back());
      Spare().pop_back();
    } else {
      values_ = std::make_unique_for_overwrite<double[]>(size_);
    }
    return values_.get();
  }

 private:
  static constexpr size_t kUsualSize = ChunkSizes().samples, kMostSpare = 4;

  // Each has at least the usual size.
  static std::vector<std::unique_ptr<double[]>>& Spare() {
    thread_local std::vector<std::unique_ptr<double[]>> spare;
    return spare;
  }

  std::unique_ptr<double[]> values_;
  size_t size_ = 0;
};

// The floats of one chunk at a time, decoded.
class DecodedChunk {
 public:
  bool Has(size_t index, size_t wanted) const { return index_ == index && wanted <= floats_.size; }
  const FloatColumn& floats() const { return floats_; }

  // The first `wanted` floats at least.
  absl::Status Decode(size_t index, const StoredChunk& chunk, size_t wanted) {
    index_ = kNone;
    if (chunk.interval_ms > 0 && !chunk.has_markers) {
      double* const values = room_.For(chunk.samples);
      RETURN_IF_ERROR(DecodeValues(chunk.bytes, wanted, values));
      floats_ = {values, wanted, nullptr, chunk.min_ms, chunk.interval_ms};
    } else {
      samples_.Clear();
      RETURN_IF_ERROR(DecodeChunk(chunk.bytes, samples_));
      floats_ = FloatsIn(samples_.View(), kept_);
    }
    index_ = index;
    return absl::OkStatus();
  }

 private:
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();

  size_t index_ = kNone;
  FloatColumn floats_;
  ValueRoom room_;
  SampleBuffer samples_, kept_;
};

// Whether the sum is far from zero compared with what was added up: then it is the same, up to
// rounding, in any order.
bool IsSumSound(const ChunkSummary& summary) {
  constexpr double kMaxCancellation = 1e10;
  const double largest = std::max(std::fabs(summary.min), std::fabs(summary.max));
  return largest * static_cast<double>(summary.count) <=
         kMaxCancellation * std::fabs(summary.sum.sum + summary.sum.c);
}

// The part of a series that a window's edge lies in. The head comes after all chunks.
struct Position {
  size_t part;
  size_t offset;  // in its floats
};

class StoredFacts : public FactsReader {
 public:
  StoredFacts(const SeriesView& view, int64_t limit_ms, uint32_t kinds, bool is_single)
      : view_(view),
        sealed_(view.sealed.get()),
        chunks_(sealed_ == nullptr ? 0 : sealed_->size()),
        limit_ms_(limit_ms),
        kinds_(kinds),
        folded_kinds_(FoldedKinds(kinds)),
        is_single_(is_single) {
    SampleView head = view.head->View(0, view.head_size);
    if (view.interval_ms > 0 && !view.has_markers) {
      head_ = {head.values, head.size, nullptr, head.timestamps[0], view.interval_ms};
    } else {
      head.may_have_markers = view.has_markers;
      head_ = FloatsIn(head, head_kept_);
    }
    head_.size = head_.UpTo(limit_ms);
  }

  absl::StatusOr<bool> Facts(int64_t start_ms, int64_t end_ms, WindowFacts& facts) override {
    facts.count = 0;
    if (!is_begun_ && chunks_ > 0) {
      left_part_ = sealed_->GuessEndingFrom(start_ms + 1);
      right_part_ = sealed_->GuessEndingFrom(std::min(end_ms, limit_ms_));
      is_begun_ = true;
    }
    ASSIGN_OR_RETURN(Position begin, PositionAfter(start_ms, left_part_, left_));
    left_part_ = begin.part;
    ASSIGN_OR_RETURN(Position end, PositionAfter(std::min(end_ms, limit_ms_), right_part_, right_));
    right_part_ = end.part;
    const uint64_t begin_index = IndexOf(begin), end_index = IndexOf(end);
    if (end_index <= begin_index) return true;
    // To where the samples are, from an edge between two parts.
    while (begin.offset == SizeOf(begin.part)) begin = {begin.part + 1, 0};
    while (end.offset == 0) end = {end.part - 1, SizeOf(end.part - 1)};
    facts.count = static_cast<int64_t>(end_index - begin_index);
    ASSIGN_OR_RETURN(facts.first, At(begin, left_));
    ASSIGN_OR_RETURN(facts.last, At({end.part, end.offset - 1}, right_));
    if (kinds_ & (kFactCounterIncrease | kFactResets)) AddResets(begin_index, end_index, facts);
    if (!NeedsFold()) return true;
    return Fold(begin, end, facts);
  }

 private:
  bool NeedsFold() const {
    return (kinds_ & kFoldedFacts) != 0 || ((kinds_ & kFactResets) != 0 && !view_.keeps_resets);
  }

  size_t SizeOf(size_t part) const {
    return part == chunks_ ? head_.size : sealed_->chunk(part).summary.count;
  }

  uint64_t IndexOf(Position position) const {
    return position.offset + (position.part == chunks_ ? view_.floats_before_head
                                                       : sealed_->floats_before(position.part));
  }

  // The first `wanted` of a part at least.
  absl::StatusOr<const FloatColumn*> FloatsOf(size_t part, size_t wanted, DecodedChunk& decoded) {
    if (part == chunks_) return &head_;
    if (left_.Has(part, wanted)) return &left_.floats();
    if (right_.Has(part, wanted)) return &right_.floats();
    const StoredChunk& chunk = sealed_->chunk(part);
    // The windows that follow will want more of it.
    if (!is_single_) wanted = chunk.summary.count;
    RETURN_IF_ERROR(decoded.Decode(part, chunk, wanted));
    return &decoded.floats();
  }

  // Behind the floats that are at or before `time_ms`; `guess` is a part that may have them.
  absl::StatusOr<Position> PositionAfter(int64_t time_ms, size_t guess, DecodedChunk& decoded) {
    const size_t part = chunks_ == 0 || time_ms == std::numeric_limits<int64_t>::max()
                            ? chunks_
                            : sealed_->FirstEndingFrom(time_ms + 1, guess);
    if (part == chunks_) return Position{part, head_.UpTo(time_ms)};
    const StoredChunk& chunk = sealed_->chunk(part);
    const ChunkSummary& summary = chunk.summary;
    if (summary.count == 0 || time_ms < summary.first_ms) return Position{part, 0};
    if (time_ms >= summary.last_ms) return Position{part, summary.count};
    if (chunk.interval_ms > 0 && !chunk.has_markers) {
      return Position{part, static_cast<size_t>((time_ms - chunk.min_ms) / chunk.interval_ms + 1)};
    }
    ASSIGN_OR_RETURN(const FloatColumn* floats, FloatsOf(part, summary.count, decoded));
    return Position{part, floats->UpTo(time_ms)};
  }

  absl::StatusOr<Sample> At(Position position, DecodedChunk& decoded) {
    if (position.part < chunks_) {
      const ChunkSummary& summary = sealed_->chunk(position.part).summary;
      if (position.offset == 0) return Sample{summary.first_ms, summary.first};
      if (position.offset + 1 == summary.count) return Sample{summary.last_ms, summary.last};
    }
    ASSIGN_OR_RETURN(const FloatColumn* floats,
                     FloatsOf(position.part, position.offset + 1, decoded));
    return floats->at(position.offset);
  }

  // Of the floats [begin, end). The first one's own reset is one against a sample before the
  // window.
  void AddResets(uint64_t begin, uint64_t end, WindowFacts& facts) const {
    facts.increase = facts.last.value - facts.first.value;
    facts.resets = 0;
    if (view_.resets_size == 0) return;
    const Reset* const all = view_.resets->resets.get();
    const Reset* const all_end = all + view_.resets_size;
    const Reset* reset = std::upper_bound(
        all, all_end, begin, [](uint64_t index, const Reset& r) { return index < r.position; });
    for (; reset != all_end && reset->position < end; ++reset) {
      facts.increase += reset->before;
      ++facts.resets;
    }
  }

  absl::StatusOr<ChunkSummary> PartSummary(size_t part, size_t begin, size_t end,
                                           DecodedChunk& decoded) {
    if (part < chunks_ && begin == 0 && end == SizeOf(part)) return sealed_->chunk(part).summary;
    ASSIGN_OR_RETURN(const FloatColumn* floats, FloatsOf(part, end, decoded));
    return Summarize(floats->Part(begin, end), folded_kinds_);
  }

  // Floats [begin, end), whose parts are normal: `begin` is not at its part's end nor `end` at its
  // part's beginning.
  absl::StatusOr<bool> Fold(Position begin, Position end, WindowFacts& facts) {
    const bool is_one_part = begin.part == end.part;
    ASSIGN_OR_RETURN(ChunkSummary all,
                     PartSummary(begin.part, begin.offset,
                                 is_one_part ? end.offset : SizeOf(begin.part), left_));
    if (!is_one_part) {
      all.Append(sealed_->Summary(begin.part + 1, end.part, folded_kinds_), folded_kinds_);
      ASSIGN_OR_RETURN(const ChunkSummary last, PartSummary(end.part, 0, end.offset, right_));
      all.Append(last, folded_kinds_);
    }
    if ((kinds_ & (kFactSum | kFactVariance)) != 0 && !all.has_sums) return false;
    if ((kinds_ & kFactSum) != 0 && !IsSumSound(all)) return false;
    facts.resets = static_cast<int64_t>(all.resets);
    facts.changes = static_cast<int64_t>(all.changes);
    facts.min = all.min;
    facts.max = all.max;
    facts.min_ms = all.min_ms;
    facts.max_ms = all.max_ms;
    facts.sum = all.sum;
    facts.squares = all.squares;
    return true;
  }

  const SeriesView& view_;
  const SealedChunks* const sealed_;
  const size_t chunks_;
  const int64_t limit_ms_;
  const uint32_t kinds_;
  const uint32_t folded_kinds_;
  const bool is_single_;  // no second window is asked for
  SampleBuffer head_kept_;
  FloatColumn head_;
  DecodedChunk left_, right_;
  bool is_begun_ = false;
  size_t left_part_ = 0, right_part_ = 0;  // where the last window's edges were
};

}  // namespace

std::unique_ptr<FactsReader> MakeStoredFacts(const SeriesView& view, int64_t limit_ms,
                                             uint32_t kinds, bool is_single) {
  if (!view.is_plain) return nullptr;
  if ((kinds & kFactCounterIncrease) && !view.keeps_resets) return nullptr;
  if ((kinds & (kFactSum | kFactVariance)) && view.sealed != nullptr && !view.sealed->has_sums) {
    return nullptr;
  }
  return std::make_unique<StoredFacts>(view, limit_ms, kinds, is_single);
}

}  // namespace sloburn
