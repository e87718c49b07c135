// SPDX-License-Identifier: Apache-2.0
// Everything that reads bytes of another server: the first byte chooses the decoder.
//
// Beyond not crashing: what is decoded keeps to the limits, and what was decoded as a write request
// is the same after encoding and decoding again.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "engine/model/histogram.h"
#include "engine/remote/chunked_frames.h"
#include "engine/remote/gzip_decoder.h"
#include "engine/remote/histogram_chunk_encode.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/query_api.h"
#include "engine/remote/read_request.h"
#include "engine/remote/remote_write.h"
#include "engine/remote/snappy_block.h"
#include "engine/remote/url.h"
#include "engine/remote/write_request_v2.h"
#include "engine/remote/xor_chunk.h"

namespace sloburn::remote {
namespace {

constexpr ProtoLimits kLimits{
    .max_series = 1000, .max_samples = 10'000, .max_labels_per_series = 50};
constexpr size_t kMaxBytes = 1 << 20;

void FuzzWriteRequest(std::string_view bytes) {
  const auto request = DecodeWriteRequest(bytes, kLimits);
  if (!request.ok()) return;
  CHECK(request->series.size() <= kLimits.max_series);
  CHECK(static_cast<size_t>(request->samples) <= kLimits.max_samples);
  const std::string encoded = EncodeWriteRequest(request->series);
  const auto again = DecodeWriteRequest(encoded, kLimits);
  CHECK(again.ok());
  CHECK(again->invalid_series == 0 && again->samples == request->samples);
  CHECK(EncodeWriteRequest(again->series) == encoded);
}

void FuzzWriteRequestV2(std::string_view bytes) {
  const auto request = WriteRequestV2::Parse(bytes, kLimits);
  if (!request.ok()) return;
  size_t series_count = 0, samples = 0;
  (void)request->Visit([&](const SymbolizedSeries& series) {
    CHECK(++series_count <= kLimits.max_series);
    samples += series.samples.size() + series.histograms.size() + series.exemplars.size();
    CHECK(samples <= kLimits.max_samples);
    for (const WrittenHistogram& one : series.histograms) {
      CHECK(one.verdict.ok() == (one.sample.histogram != nullptr));
    }
    (void)request->Metadata(series).ok();
    auto labels = request->Labels(series.label_refs);
    CHECK(labels.ok() || labels.status().message().size() < 200);
    if (!labels.ok()) return absl::OkStatus();
    CHECK(labels->size() <= kLimits.max_labels_per_series);
    const bool is_valid = !FindInvalid(*labels).has_value();
    const size_t size = labels->size();
    const Labels built = BuildLabels(*labels);
    CHECK(!is_valid || (built.Has(kMetricName) && built.size() <= size));
    return absl::OkStatus();
  }).ok();
}

void FuzzReadRequest(std::string_view bytes) {
  const auto request = DecodeReadRequest(bytes, {.max_queries = 100, .max_matchers = 100});
  if (!request.ok()) return;
  (void)ChooseResponseType(request->accepted).ok();
  for (const WireQuery& query : request->queries) {
    const auto decoded = ToReadQuery(query, {{"cluster", "a"}});
    CHECK(!decoded.ok() || decoded->matchers.size() == query.matchers.size());
  }
}

// What was decoded and fits into one chunk again is the same after encoding and decoding.
void CheckHistograms(const std::vector<HistogramSample>& decoded) {
  std::vector<int64_t> times;
  std::vector<HistogramPtr> histograms;
  for (const HistogramSample& sample : decoded) {
    times.push_back(sample.timestamp_ms);
    histograms.push_back(sample.histogram);
  }
  if (histograms.empty()) return;
  const size_t count = HistogramRun(histograms.data(), histograms.size());
  CHECK(count >= 1 && count <= histograms.size());
  DecodedSamples again;
  CHECK(DecodeChunk(3, EncodeHistogramChunk(times.data(), histograms.data(), count), again).ok());
  CHECK(again.histograms.size() == count);
  for (size_t i = 0; i < count; ++i) {
    CHECK(again.histograms[i].timestamp_ms == times[i]);
    // A zero threshold that is NaN equals nothing, itself included.
    const bool equals_itself = *histograms[i] == *histograms[i];
    CHECK(!equals_itself || *again.histograms[i].histogram == *histograms[i]);
  }
}

void FuzzChunks(std::string_view bytes) {
  for (const int32_t encoding : {1, 2, 3, 4, 5}) {
    DecodedSamples samples;
    (void)DecodeChunk(encoding, bytes, samples).ok();
    CHECK(samples.floats.size() <= bytes.size() * 8);
    CHECK(samples.histograms.size() <= bytes.size() * 8);
    CheckHistograms(samples.histograms);
  }
}

void FuzzChunkedResponse(std::string_view bytes) {
  const auto response = DecodeChunkedReadResponse(bytes, kLimits);
  if (!response.ok()) return;
  for (const ChunkedSeries& series : response->series) {
    for (const EncodedChunk& chunk : series.chunks) {
      DecodedSamples samples;
      (void)DecodeChunk(chunk.encoding, chunk.data, samples).ok();
    }
  }
}

// However the bytes are cut, the frames are the same.
void FuzzFrames(std::string_view bytes) {
  std::vector<std::string> whole, pieces;
  const auto collect = [](std::vector<std::string>& into) {
    return [&into](std::string_view frame) {
      into.emplace_back(frame);
      return absl::OkStatus();
    };
  };
  FrameSplitter first(kMaxBytes), second(kMaxBytes);
  absl::Status one = first.Feed(bytes, collect(whole));
  if (one.ok()) one = first.Finish();
  absl::Status other;
  for (size_t at = 0; at < bytes.size() && other.ok(); at += 3) {
    other = second.Feed(bytes.substr(at, 3), collect(pieces));
  }
  if (other.ok()) other = second.Finish();
  CHECK(one.code() == other.code());
  CHECK(whole == pieces);
}

void FuzzCompressed(std::string_view bytes) {
  const auto snappy = SnappyDecompress(bytes, kMaxBytes);
  if (snappy.ok()) {
    CHECK(snappy->size() <= kMaxBytes);
    CHECK(*SnappyDecompress(SnappyCompress(*snappy), kMaxBytes) == *snappy);
  }
  GzipDecoder gzip(kMaxBytes);
  size_t size = 0;
  (void)gzip.Feed(bytes, [&](std::string_view piece) {
    size += piece.size();
    return absl::OkStatus();
  });
  CHECK(size <= kMaxBytes);
}

void FuzzTexts(std::string_view bytes) {
  const auto url = ParseUrl(bytes);
  if (url.ok()) CHECK(url->port != 0 && !url->host.empty() && url->path[0] == '/');
  (void)ParseRetryAfter(bytes, absl::UnixEpoch());
  CHECK(ServerWords(bytes, 100).size() <= 100 + 8);
}

}  // namespace
}  // namespace sloburn::remote

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sloburn::remote;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 9) {
    case 0:
      FuzzWriteRequest(bytes);
      break;
    case 1:
      (void)DecodeReadResponse(bytes, kLimits).ok();
      FuzzReadRequest(bytes);
      break;
    case 2:
      FuzzChunkedResponse(bytes);
      break;
    case 3:
      FuzzChunks(bytes);
      break;
    case 4:
      FuzzFrames(bytes);
      break;
    case 5:
      FuzzCompressed(bytes);
      break;
    case 6:
      (void)ParseQueryAnswer(bytes, 200).ok();
      break;
    case 7:
      FuzzTexts(bytes);
      break;
    case 8:
      FuzzWriteRequestV2(bytes);
      break;
  }
  return 0;
}
