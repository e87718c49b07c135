// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/xor_chunk.h"

#include <algorithm>
#include <bit>

#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/remote/bit_reader.h"
#include "engine/remote/histogram_chunk_decode.h"
#include "engine/remote/prometheus_proto.h"

namespace sloburn::remote {
namespace {

int64_t TwosComplement(uint64_t bits, int count) {
  if (count < 64 && bits >= uint64_t{1} << (count - 1)) bits -= uint64_t{1} << count;
  return static_cast<int64_t>(bits);
}

int64_t ReadXorDeltaOfDelta(BitReader& in) {
  static constexpr int kBits[] = {0, 14, 17, 20, 64};
  const int bits = kBits[in.Ones(4)];
  return bits == 0 ? 0 : SignedUpToHalf(in.Bits(bits), bits);
}

absl::Status Malformed(std::string_view type, size_t sample, size_t count) {
  return absl::DataLossError(
      StrCat(type, " chunk: sample ", sample + 1, " of ", count, " is cut or malformed"));
}

// One sample of an XOR2 chunk: the joint codes for time and value, without the start timestamp.
struct Xor2State {
  TimeState time;
  ValueState value;  // the last value that is not stale
  bool is_stale = false;

  bool ReadValue(BitReader& in) {
    switch (in.Ones(3)) {
      case 0:
        return true;
      case 1:
        value.ReadInWindow(in);
        return true;
      case 2:
        return value.ReadNewWindow(in);
    }
    is_stale = true;
    return true;
  }

  bool ReadFirst(BitReader& in) {
    time.time = static_cast<uint64_t>(in.Varint());
    const uint64_t bits = in.Bits(64);
    is_stale = bits == kStaleBits;
    if (!is_stale) value.bits = bits;
    return true;
  }

  bool ReadNext(BitReader& in, size_t index) {
    is_stale = false;
    if (index == 1) {
      time.Advance(static_cast<int64_t>(in.Uvarint()));
      return ReadValue(in);
    }
    static constexpr int kBits[] = {0, 0, 13, 20, 64, 0};
    const int ones = in.Ones(5);
    time.Advance(kBits[ones] == 0 ? 0 : TwosComplement(in.Bits(kBits[ones]), kBits[ones]));
    switch (ones) {
      case 0:
        return true;
      case 1:
        if (in.Bit()) return value.ReadNewWindow(in);
        value.ReadInWindow(in);
        return true;
      case 5:
        is_stale = true;
        return true;
    }
    return ReadValue(in);
  }

  double Value() const { return is_stale ? StaleMarker() : std::bit_cast<double>(value.bits); }
};

std::string_view EncodingName(int32_t encoding) {
  switch (static_cast<ChunkEncoding>(encoding)) {
    case ChunkEncoding::kXor:
      return "XOR";
    case ChunkEncoding::kHistogram:
      return "histogram";
    case ChunkEncoding::kFloatHistogram:
      return "float histogram";
    case ChunkEncoding::kXor2:
      return "XOR2";
    case ChunkEncoding::kHistogramSt:
      return "histogram with start timestamps";
    case ChunkEncoding::kFloatHistogramSt:
      return "float histogram with start timestamps";
    case ChunkEncoding::kUnknown:
      break;
  }
  return "";
}

}  // namespace

absl::Status DecodeXorChunk(std::string_view chunk, std::vector<Sample>& samples) {
  if (chunk.size() < 2) return absl::DataLossError("XOR chunk: no header");
  const size_t count = ChunkCount(chunk);
  BitReader in(chunk.substr(2));
  // A sample takes two bits at least, whatever the count claims.
  samples.reserve(samples.size() + std::min(count, chunk.size() * 4));
  TimeState time;
  ValueState value;
  for (size_t i = 0; i < count; ++i) {
    bool is_good = true;
    if (i == 0) {
      time.time = static_cast<uint64_t>(in.Varint());
      value.bits = in.Bits(64);
    } else {
      time.Advance(i == 1 ? static_cast<int64_t>(in.Uvarint()) : ReadXorDeltaOfDelta(in));
      is_good = ReadXorValue(in, value);
    }
    if (!is_good || in.failed()) return Malformed("XOR", i, count);
    samples.push_back({time.ms(), std::bit_cast<double>(value.bits)});
  }
  return absl::OkStatus();
}

absl::Status DecodeXor2Chunk(std::string_view chunk, std::vector<Sample>& samples) {
  if (chunk.size() < 3) return absl::DataLossError("XOR2 chunk: no header");
  const size_t count = ChunkCount(chunk);
  const auto header = static_cast<unsigned char>(chunk[2]);
  const bool has_first_start = (header & 0x80) != 0;
  const size_t starts_from = header & 0x7f;  // 0: none
  BitReader in(chunk.substr(3));
  samples.reserve(samples.size() + std::min(count, chunk.size() * 8));
  Xor2State state;
  for (size_t i = 0; i < count; ++i) {
    const bool is_good = i == 0 ? state.ReadFirst(in) : state.ReadNext(in, i);
    if (i == 0 && has_first_start) in.Varint();
    if (i > 0 && starts_from > 0 && i >= starts_from) ReadVarbitInt(in);
    if (!is_good || in.failed()) return Malformed("XOR2", i, count);
    samples.push_back({state.time.ms(), state.Value()});
  }
  return absl::OkStatus();
}

absl::Status DecodeChunk(int32_t encoding, std::string_view chunk, DecodedSamples& samples) {
  switch (static_cast<ChunkEncoding>(encoding)) {
    case ChunkEncoding::kXor:
      return DecodeXorChunk(chunk, samples.floats);
    case ChunkEncoding::kXor2:
      return DecodeXor2Chunk(chunk, samples.floats);
    case ChunkEncoding::kHistogram:
      return DecodeHistogramChunk(chunk, samples.histograms);
    case ChunkEncoding::kFloatHistogram:
      return DecodeFloatHistogramChunk(chunk, samples.histograms);
    default:
      break;
  }
  const std::string_view name = EncodingName(encoding);
  return absl::UnimplementedError(
      name.empty() ? StrCat("chunks of the unknown type ", encoding, " cannot be read")
                   : StrCat(name, " chunks (type ", encoding, ") cannot be read"));
}

}  // namespace sloburn::remote
