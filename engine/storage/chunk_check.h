// SPDX-License-Identifier: Apache-2.0
// Whether what a row of a chunk tells is what its samples tell: they are decoded and scanned again.
//
//   for (const ChunkFault& fault : CheckChunk(row, buffer)) ...
//
// Counts, edges, extremes and resets must be equal to the bit, sums and squares up to rounding, as
// chunk_summary.h promises. Threads: pure function.
#pragma once

#include <string>
#include <vector>

#include "engine/storage/chunk_row.h"

namespace sloburn {

struct ChunkFault {
  std::string what;    // "the summary's count is 1023, its samples give 1024"
  bool is_unreadable;  // there are no samples to compare with
};

// `buffer` gets the samples; what was in it goes.
std::vector<ChunkFault> CheckChunk(const ChunkRow& row, SampleBuffer& buffer);

}  // namespace sloburn
