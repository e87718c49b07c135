// SPDX-License-Identifier: Apache-2.0
#include "engine/storage/chunk/chunk_codec.h"

#include <utility>
#include <vector>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/storage/chunk/bytes.h"
#include "engine/storage/chunk/histogram_codec.h"
#include "engine/storage/chunk/time_codec.h"
#include "engine/storage/chunk/value_codec.h"

namespace sloburn {
namespace {

using chunk::ByteReader;
using chunk::ByteWriter;
using chunk::ValueCodec;

constexpr uint8_t kVersion = 1;
constexpr uint8_t kIsIrregular = 1, kHasStarts = 2, kHasHistograms = 4;
constexpr uint8_t kPartsMask = kIsIrregular | kHasStarts | kHasHistograms;

struct Header {
  bool is_regular = true;
  bool has_starts = false;
  bool has_histograms = false;
  ValueCodec codec = ValueCodec::kConstant;
  size_t samples = 0;
};

absl::Status Malformed(std::string_view what) {
  return absl::DataLossError(StrCat("chunk: ", what));
}

absl::StatusOr<Header> ReadHeader(ByteReader& in) {
  const uint8_t version = in.Byte();
  if (in.failed()) return Malformed("empty");
  if (version != kVersion) return Malformed(StrCat("unknown version ", int{version}));
  const uint8_t parts = in.Byte(), codec = in.Byte();
  const uint64_t samples = in.Varint();
  if (in.failed()) return Malformed("the header is cut or malformed");
  if ((parts & ~kPartsMask) != 0) return Malformed(StrCat("unknown parts ", int{parts}));
  if (!chunk::IsValueCodec(codec)) return Malformed(StrCat("unknown codec ", int{codec}));
  if (samples == 0 || samples > kMaxChunkSamples) {
    return Malformed(StrCat("bad number of samples ", samples));
  }
  return Header{(parts & kIsIrregular) == 0, (parts & kHasStarts) != 0,
                (parts & kHasHistograms) != 0, ValueCodec{codec}, samples};
}

absl::Status ReadParts(ByteReader& in, const Header& header, size_t old_size, SampleBuffer& out,
                       ChunkParts& parts) {
  size_t left = in.left();
  const auto taken = [&in, &left] { return std::exchange(left, in.left()) - in.left(); };
  ReadTimes(in, header.samples, header.is_regular, out.timestamps.data() + old_size);
  if (in.failed()) return Malformed("the timestamps are cut or malformed");
  parts.times = taken();
  ReadValues(header.codec, in, header.samples, header.samples, out.values.data() + old_size);
  if (in.failed()) return Malformed("the values are cut or malformed");
  parts.values = taken();
  if (header.has_starts) ReadStarts(in, header.samples, out.starts.data() + old_size);
  if (in.failed()) return Malformed("the starts are cut or malformed");
  parts.starts = taken();
  if (header.has_histograms) ReadHistograms(in, header.samples, out.histograms.data() + old_size);
  if (in.failed()) return Malformed("the histograms are cut or malformed");
  parts.histograms = taken();
  return in.left() == 0 ? absl::OkStatus() : Malformed("bytes after the end");
}

}  // namespace

// version:byte  1
// parts:byte    1 the times are irregular, 2 there are starts, 4 there are histograms
// codec:byte    of the values (value_codec.h)
// samples:varint
// times         (time_codec.h)
// values        (value_codec.h)
// starts        (time_codec.h), where there are any
// histograms    (histogram_codec.h), where there are any
std::string EncodeChunk(const SampleView& samples) {
  CHECK(samples.size > 0 && samples.size <= kMaxChunkSamples);
  const bool is_regular = chunk::IsRegular(samples.timestamps, samples.size);
  const int parts = (is_regular ? 0 : kIsIrregular) | (samples.starts != nullptr ? kHasStarts : 0) |
                    (samples.histograms != nullptr ? kHasHistograms : 0);
  std::string out;
  out.reserve(samples.size + 64);
  ByteWriter writer(out);
  writer.Byte(kVersion);
  writer.Byte(static_cast<uint8_t>(parts));
  const size_t codec_at = out.size();
  writer.Byte(0);
  writer.Varint(samples.size);
  chunk::WriteTimes(samples.timestamps, samples.size, is_regular, out);
  const ValueCodec codec = chunk::WriteValues(samples.values, samples.size, out);
  out[codec_at] = static_cast<char>(codec);
  if (samples.starts != nullptr) chunk::WriteStarts(samples.starts, samples.size, out);
  if (samples.histograms != nullptr) chunk::WriteHistograms(samples.histograms, samples.size, out);
  return out;
}

absl::Status DecodeChunk(std::string_view chunk, SampleBuffer& out, ChunkParts* parts) {
  ByteReader in(chunk);
  ASSIGN_OR_RETURN(const Header header, ReadHeader(in));
  ChunkParts read;
  read.header = chunk.size() - in.left();
  read.is_regular = header.is_regular;
  read.codec = chunk::CodecName(header.codec);
  const size_t old_size = out.timestamps.size(), new_size = old_size + header.samples;
  const bool had_starts = !out.starts.empty(), had_histograms = !out.histograms.empty();
  out.timestamps.resize(new_size);
  out.values.resize(new_size);
  if (had_starts || header.has_starts) out.starts.resize(new_size);
  if (had_histograms || header.has_histograms) out.histograms.resize(new_size);
  absl::Status status = ReadParts(in, header, old_size, out, read);
  if (status.ok()) {
    if (parts != nullptr) *parts = read;
    return status;
  }
  out.timestamps.resize(old_size);
  out.values.resize(old_size);
  out.starts.resize(had_starts ? old_size : 0);
  out.histograms.resize(had_histograms ? old_size : 0);
  return status;
}

absl::Status DecodeValues(std::string_view chunk, size_t wanted, double* values) {
  ByteReader in(chunk);
  ASSIGN_OR_RETURN(const Header header, ReadHeader(in));
  if (header.has_starts || header.has_histograms) return Malformed("not of floats alone");
  if (header.is_regular) {
    chunk::ReadRegularTimes(in, header.samples);
  } else {
    std::vector<int64_t> timestamps(header.samples);
    chunk::ReadTimes(in, header.samples, false, timestamps.data());
  }
  if (in.failed()) return Malformed("the timestamps are cut or malformed");
  ReadValues(header.codec, in, header.samples, wanted, values);
  if (in.failed()) return Malformed("the values are cut or malformed");
  return wanted < header.samples || in.left() == 0 ? absl::OkStatus() : Malformed("bytes after the end");
}

absl::StatusOr<ChunkInfo> InspectChunk(std::string_view chunk) {
  ByteReader in(chunk);
  ASSIGN_OR_RETURN(const Header header, ReadHeader(in));
  ChunkInfo info{header.samples,
                 header.has_histograms ? "histogram" : chunk::CodecName(header.codec), 0,
                 header.has_starts, header.has_histograms};
  if (header.is_regular) {
    const chunk::RegularTimes times = chunk::ReadRegularTimes(in, header.samples);
    if (in.failed()) return Malformed("the timestamps are cut or malformed");
    info.interval_ms = static_cast<int64_t>(times.interval);
  }
  return info;
}

}  // namespace sloburn
