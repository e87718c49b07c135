// SPDX-License-Identifier: Apache-2.0
// Decodes the native histograms of Prometheus' TSDB chunks (types 2 and 3) to the bit, as its own
// iterators do.
//
//   count:u16  flags:8 (the highest two: 00 unknown, 01 not reset, 10 reset, 11 gauge)
//   layout = zero threshold, schema, spans of both sides, custom bounds
//   sample = time (varbit, then delta of delta), count, zero count, sum, buckets of both sides
//
// Type 2 has whole counts: counts and buckets are varbit numbers, after the first sample the deltas
// of their deltas, and buckets are told as the difference to the bucket before; the sum is 64 bits,
// then the XOR with the sample before. Type 3 has doubles throughout: 64 bits, then XORs. A
// staleness marker has a sum and no buckets. A chunk that was recoded for new buckets has zeros for
// them in its older samples. The hint of the first sample is "unknown", since nobody knows what
// came before the chunk; later ones say "not reset", and all say "gauge" in a chunk of gauges.
// Threads: pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/model/sample.h"

namespace sloburn::remote {

// Each appends to `samples`. Errors: DataLoss where the chunk ends early or is malformed,
// InvalidArgument where a histogram makes no sense, ResourceExhausted where the buckets of all
// samples are more than kMaxChunkBuckets; what was appended before stays. Memory grows only with
// what is really there.
absl::Status DecodeHistogramChunk(std::string_view chunk, std::vector<HistogramSample>& samples);
absl::Status DecodeFloatHistogramChunk(std::string_view chunk,
                                       std::vector<HistogramSample>& samples);

// Prometheus cuts chunks at about a kilobyte; even one sample of 100,000 buckets stays far below.
inline constexpr size_t kMaxChunkBuckets = 8'000'000;

}  // namespace sloburn::remote
