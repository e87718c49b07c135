// SPDX-License-Identifier: Apache-2.0
// Decodes the chunks of Prometheus' TSDB, bit for bit: NaN payloads, staleness markers, -0. Those
// of native histograms are in histogram_chunk_decode.h.
//
// XOR (type 1), all numbers big-endian, bits from the highest:
//   count:u16  then count samples
//   sample 0:  t:varint  value:64 bits
//   sample 1:  delta:uvarint  <value>
//   sample n:  <delta of delta> <value>
//   <delta of delta>: 0 | 10 + 14 bits | 110 + 17 | 1110 + 20 | 1111 + 64, two's complement where
//                     only the pattern 100..0 stands for the largest positive number
//   <value>: 0 same | 10 bits of the last window | 11 leading:5 size:6 (0 = 64) bits
// XOR2 (type 4): as XOR with a header byte for start timestamps after the count, a joint prefix for
// time and value from sample 2 on, and codes of their own for staleness markers. Start timestamps
// are read and dropped.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/model/sample.h"

namespace sloburn::remote {

// Each appends to `samples`. Errors: DataLoss where the chunk ends early or is malformed; what
// was appended before stays.
absl::Status DecodeXorChunk(std::string_view chunk, std::vector<Sample>& samples);
absl::Status DecodeXor2Chunk(std::string_view chunk, std::vector<Sample>& samples);

struct DecodedSamples {
  std::vector<Sample> floats;
  std::vector<HistogramSample> histograms;
};

// By encoding (prometheus_proto.h). Unimplemented, naming the type, for histograms with start
// timestamps and for encodings that we do not know; otherwise errors as above and of
// histogram_chunk_decode.h.
absl::Status DecodeChunk(int32_t encoding, std::string_view chunk, DecodedSamples& samples);

}  // namespace sloburn::remote
