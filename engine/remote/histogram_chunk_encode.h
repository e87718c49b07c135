// SPDX-License-Identifier: Apache-2.0
// Encodes native histograms as float histogram chunks of Prometheus' TSDB (type 3).
//
//   count:u16  flags:8 (the highest two: counter reset)  layout, then count samples, where
//   layout = zero threshold, schema, spans of both sides, custom bounds
//   sample = time (varbit, then delta of delta), count, zero count, sum, buckets of both sides;
//            numbers as 64 bits, then as the XOR with the sample before (bit_writer.h)
//
// All samples of a chunk have one layout, are all gauges or all not, and hold no reset but before
// the first: readers tell later ones "not reset". HistogramRun finds how many fit. Prometheus
// recodes a chunk when a bucket is new; here a new chunk begins, which readers cannot tell apart.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/model/sample.h"

namespace sloburn::remote {

// How many of the `count` histograms, from the first on, one chunk can hold; at least 1.
// REQUIRES: count >= 1, none is null.
size_t HistogramRun(const HistogramPtr* histograms, size_t count);

// REQUIRES: 1 <= count <= 65535, and that HistogramRun gives count.
std::string EncodeHistogramChunk(const int64_t* timestamps, const HistogramPtr* histograms,
                                 size_t count);

}  // namespace sloburn::remote
