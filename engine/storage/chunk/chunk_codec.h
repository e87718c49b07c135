// SPDX-License-Identifier: Apache-2.0
// Chunks: samples of one series in few bytes, lossless to the bit.
//
//   const std::string chunk = EncodeChunk(view);
//   RETURN_IF_ERROR(DecodeChunk(chunk, buffer));
//
// The layout is in chunk_codec.cc and docs/formats/chunk.md. There is no checksum: whoever stores a
// chunk has one. Decoding is safe for any bytes all the same.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/storage/storage.h"

namespace sloburn {

inline constexpr size_t kMaxChunkSamples = 65535;

// REQUIRES: 1 to kMaxChunkSamples samples, their timestamps strictly increasing.
std::string EncodeChunk(const SampleView& samples);

// What the parts of a chunk take, in bytes.
struct ChunkParts {
  size_t header = 0, times = 0, values = 0, starts = 0, histograms = 0;
  bool is_regular = true;   // the times
  std::string_view codec;   // of the values, where there are histograms too

  size_t total() const { return header + times + values + starts + histograms; }
};

// Appends to `out`; columns of histograms and starts that only one of the two has are filled up
// with nulls and zeros. DataLoss where the chunk is malformed, and `out` is as it was. Fills
// `parts` unless it is null.
absl::Status DecodeChunk(std::string_view chunk, SampleBuffer& out, ChunkParts* parts = nullptr);

// Only the values, and at least the first `wanted` of them, of a chunk without starts and histograms, to
// `values`, which has room for InspectChunk's number of samples. DataLoss as above, for what was looked
// at.
absl::Status DecodeValues(std::string_view chunk, size_t wanted, double* values);

struct ChunkInfo {
  size_t samples = 0;
  std::string_view codec;   // of the values: "integer"; "histogram" where there are any
  int64_t interval_ms = 0;  // as SampleView's; 0 for a single sample
  bool has_starts = false;
  bool has_histograms = false;
};

// From the header alone: what follows it may still be malformed.
absl::StatusOr<ChunkInfo> InspectChunk(std::string_view chunk);

}  // namespace sloburn
