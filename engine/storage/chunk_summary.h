// SPDX-License-Identifier: Apache-2.0
// What is known about the floats of a chunk, staleness markers left out, and how the knowledge
// about two neighbours becomes that about both.
//
//   ChunkSummary day = Summarize(floats);
//   day.Append(Summarize(...));  // of the samples that follow
//
// Append is equal to summarizing all samples at once: to the bit for counts, edges and extremes, up
// to rounding (far below 1e-12) for sums and squares. Both do no more than the wanted facts (FactKind)
// need; what was not wanted has no meaning then. Threads: values.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/model/compensated_sum.h"
#include "engine/model/window_facts.h"
#include "engine/storage/float_column.h"

namespace sloburn {

struct ChunkSummary {
  uint64_t count = 0;  // 0: everything else has no meaning
  uint64_t changes = 0, resets = 0;
  int64_t first_ms = 0, last_ms = 0;
  double first = 0, last = 0;
  double min = 0, max = 0;
  int64_t min_ms = 0, max_ms = 0;  // the newest of equal ones
  // Not to be used where has_sums is false: a value is not finite, or sums might become infinite in
  // another order than that of the samples.
  CompensatedSum sum;
  double squares = 0;
  bool has_sums = true;

  void Append(const ChunkSummary& next, uint32_t kinds = kAllFacts);
};

ChunkSummary Summarize(const FloatColumn& floats, uint32_t kinds = kAllFacts);

// As Prometheus' changes() counts.
bool IsChange(double before, double value);

}  // namespace sloburn
