// SPDX-License-Identifier: Apache-2.0
// A sealed chunk with its summary and resets, and the samples of a series that are not sealed, as
// values of database rows: docs/formats/database.md.
//
//   chunk: version:byte crc:u32 flags:byte samples:varint min_ms:signed (max_ms - min_ms):varint
//          [summary] [resets] bytes of the chunk (chunk.md)
//   summary: count changes resets (first_ms - min_ms) (max_ms - last_ms): varints
//          (where count > 0:) times of least and largest, less first_ms: varints
//          first last [least] [largest] [sum [compensation] squares]: doubles
//   resets: number:varint, then each position:varint before:double; positions count from that of
//          the one before, the first from the chunk's first float
//   newest samples: version:byte crc:u32 (size:varint chunk)...
//
// The checksum covers the series' id (8 bytes, little-endian) and all that follows it, so that a
// value under another series is found out. Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/storage/sealed_chunks.h"
#include "engine/storage/stored_series.h"

namespace sloburn {

struct ChunkRow {
  StoredChunkPtr chunk;
  // Positions from the chunk's first float on; `keeps_resets` is false where they are not known.
  std::vector<Reset> resets;
  bool keeps_resets = true;
};

std::string EncodeChunkRow(uint32_t series, const ChunkRow& row);
// DataLoss, also for another series' row.
absl::StatusOr<ChunkRow> DecodeChunkRow(uint32_t series, std::string_view value);

// `chunks`: encoded, in order of time.
std::string EncodeNewestSamples(uint32_t series, const std::vector<std::string>& chunks);
// The encoded chunks in `value`, as they were given.
absl::StatusOr<std::vector<std::string_view>> SplitNewestSamples(uint32_t series,
                                                                std::string_view value);
// Appends the samples of all of them to `samples`.
absl::Status DecodeNewestSamples(uint32_t series, std::string_view value, SampleBuffer& samples);

}  // namespace sloburn
