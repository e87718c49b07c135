// SPDX-License-Identifier: Apache-2.0
// Prometheus' protobuf messages of remote write 1.0 and remote read, to and from our values.
// Those of remote write 2.0 are in write_request_v2.h.
//
// Decoding takes hostile bytes: every length is checked, and memory grows only with what is really
// there. Errors of all Decode functions: InvalidArgument (not such a message; the text says what
// and where), ResourceExhausted (a limit of ProtoLimits).
// Threads: pure functions. Decoded views point into the bytes that were given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/model/labels.h"
#include "engine/model/matcher.h"
#include "engine/model/sample.h"

namespace sloburn::remote {

struct ProtoLimits {
  size_t max_series = 1'000'000;
  size_t max_samples = 50'000'000;
  size_t max_labels_per_series = 1024;
  size_t max_metadata = 100'000;
  // Of remote write 2.0, where a long text is told once and may be a label of every series.
  size_t max_symbols = 2'000'000;
  size_t max_text_bytes = 128 << 20;  // of the labels and metadata of all series
};

// Remote write 1.0.

// Samples of each series in the order given. Staleness markers keep their bits.
std::string EncodeWriteRequest(const std::vector<SeriesSamples>& series);

// What is said of a metric (MetricMetadata on the wire).
struct WrittenMetadata {
  std::string metric;
  int32_t type = 0;
  std::string help, unit;
};

// "counter", "gauge", ...; "unknown" for 0 and numbers without a meaning.
std::string_view MetricTypeName(int32_t type);

struct WriteRequest {
  // Valid series with at least one sample, in the order of the message.
  std::vector<SeriesSamples> series;
  int64_t samples = 0;  // in `series`
  int64_t histograms = 0;  // of `samples`
  int64_t exemplars = 0;  // counted, not decoded
  std::vector<WrittenMetadata> metadata;
  // Series left out, as Prometheus leaves them out: no __name__, an invalid or a duplicate label.
  int64_t invalid_series = 0;
  std::string first_invalid;  // what was wrong with the first
};

absl::StatusOr<WriteRequest> DecodeWriteRequest(std::string_view message,
                                                const ProtoLimits& limits);

// Remote read.

struct ReadQuery {
  int64_t start_ms = 0, end_ms = 0;  // both inclusive
  Matchers matchers;
};

enum class ReadResponseType { kSamples = 0, kStreamedXorChunks = 1 };

std::string EncodeReadRequest(const std::vector<ReadQuery>& queries,
                              const std::vector<ReadResponseType>& accepted);

struct SampledSeries {
  size_t query_index = 0;
  SeriesSamples series;
  absl::Status left_out = {};  // not OK where histograms that make no sense were left out
};

// A ReadResponse (type SAMPLES): every series of every query.
absl::StatusOr<std::vector<SampledSeries>> DecodeReadResponse(std::string_view message,
                                                              const ProtoLimits& limits);

// The encodings of chunks, as on the wire.
enum class ChunkEncoding : int32_t {
  kUnknown = 0,
  kXor = 1,
  kHistogram = 2,
  kFloatHistogram = 3,
  kXor2 = 4,
  kHistogramSt = 5,
  kFloatHistogramSt = 6,
};

struct EncodedChunk {
  int64_t min_ms = 0, max_ms = 0;
  int32_t encoding = 0;  // a ChunkEncoding, or one that we do not know
  std::string_view data;
};

struct ChunkedSeries {
  Labels labels;
  std::vector<EncodedChunk> chunks;
};

struct ChunkedReadResponse {
  std::vector<ChunkedSeries> series;
  int64_t query_index = 0;
};

// One frame of a streamed answer.
absl::StatusOr<ChunkedReadResponse> DecodeChunkedReadResponse(std::string_view message,
                                                              const ProtoLimits& limits);

}  // namespace sloburn::remote
