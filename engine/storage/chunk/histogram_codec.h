// SPDX-License-Identifier: Apache-2.0
// The native histograms of a chunk; everything in them comes back, bit by bit.
//
// first is one:byte (0: sample 0 is a float, 1: a histogram), runs (runs.h) of floats and
// histograms in turn, then of each histogram
//   head:byte   bits 0-1 reset hint, then 4 with layout, 8 counts as doubles, 16 equal to the
//               histogram before: nothing follows
//   layout      schema:signed varint  zero_threshold:8 bytes  size:varint custom_values:8 bytes
//   each
//               and per side: size:varint {offset:signed varint length:varint}  counts:varint
//               Otherwise it is that of the histogram before.
//   sum:8 bytes
//   zero_count, count, positive and negative counts: 8 bytes each, or signed varints of the
//               difference to the histogram before, to 0 where that had another layout or doubles
// A layout that is not written takes memory but no bytes; of its spans and custom values all
// histograms together may repeat kMaxRepeated, so that a chunk cannot ask for any memory.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>

#include "engine/model/histogram.h"
#include "engine/storage/chunk/bytes.h"

namespace sloburn::chunk {

inline constexpr size_t kMaxRepeated = size_t{1} << 20;

void WriteHistograms(const HistogramPtr* histograms, size_t size, std::string& out);

// The histograms are null where the sample is a float.
void ReadHistograms(ByteReader& in, size_t size, HistogramPtr* histograms);

}  // namespace sloburn::chunk
