// SPDX-License-Identifier: Apache-2.0
// Encodes floats as XOR chunks of Prometheus' TSDB (type 1; the format is in xor_chunk.h), bit for
// bit as Prometheus' own appender writes them: NaN payloads, staleness markers and -0 keep their
// bits. Start timestamps have no place in this type.
// Threads: pure function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace sloburn::remote {

// REQUIRES: count <= 65535.
std::string EncodeXorChunk(const int64_t* timestamps, const double* values, size_t count);

}  // namespace sloburn::remote
