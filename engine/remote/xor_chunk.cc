// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/xor_chunk.h"

#include <algorithm>
#include <bit>

#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/remote/prometheus_proto.h"

namespace sloburn::remote {
namespace {

// Reads bits from the highest down. Past the end it gives zeros and remembers that it failed, so
// that callers look once per sample.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }

  uint64_t Bits(int count) {
    if (count > 56) {
      const uint64_t high = Bits(count - 32);
      return high << 32 | Bits(32);
    }
    Fill();
    if (count > buffered_) {
      failed_ = true;
      buffered_ = 0;
      buffer_ = 0;
      return 0;
    }
    if (count == 0) return 0;
    const uint64_t bits = buffer_ >> (64 - count);
    buffer_ <<= count;
    buffered_ -= count;
    return bits;
  }

  bool Bit() { return Bits(1) != 0; }

  // The number of one-bits before a zero, which is read too; at most `most`.
  int Ones(int most) {
    int ones = 0;
    while (ones < most && Bit()) ++ones;
    return ones;
  }

  uint64_t Uvarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = Bits(8);
      if (shift == 63 && byte > 1) break;
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    failed_ = true;
    return 0;
  }

  int64_t Varint() {
    const uint64_t zigzag = Uvarint();
    return static_cast<int64_t>(zigzag >> 1) ^ -static_cast<int64_t>(zigzag & 1);
  }

 private:
  void Fill() {
    while (buffered_ <= 56 && !bytes_.empty()) {
      buffer_ |= static_cast<uint64_t>(static_cast<unsigned char>(bytes_[0])) << (56 - buffered_);
      buffered_ += 8;
      bytes_.remove_prefix(1);
    }
  }

  std::string_view bytes_;
  uint64_t buffer_ = 0;  // the next bits, from the highest down
  int buffered_ = 0;
  bool failed_ = false;
};

// The window of bits in which the last values differed, and the value they are applied to.
struct ValueState {
  uint64_t bits = 0;
  int leading = 0, trailing = 0;

  void ReadInWindow(BitReader& in) { bits ^= in.Bits(64 - leading - trailing) << trailing; }

  bool ReadNewWindow(BitReader& in) {
    leading = static_cast<int>(in.Bits(5));
    int size = static_cast<int>(in.Bits(6));
    if (size == 0) size = 64;
    trailing = 64 - leading - size;
    if (trailing < 0) {
      trailing = 0;
      return false;
    }
    ReadInWindow(in);
    return true;
  }
};

// Prometheus' signed numbers of few bits: only patterns above 100..0 are negative.
int64_t SignedUpToHalf(uint64_t bits, int count) {
  if (count < 64 && bits > uint64_t{1} << (count - 1)) bits -= uint64_t{1} << count;
  return static_cast<int64_t>(bits);
}

int64_t TwosComplement(uint64_t bits, int count) {
  if (count < 64 && bits >= uint64_t{1} << (count - 1)) bits -= uint64_t{1} << count;
  return static_cast<int64_t>(bits);
}

// Timestamps wrap like Go's integers: hostile deltas must not be undefined behaviour.
struct TimeState {
  uint64_t time = 0, delta = 0;
  void Advance(int64_t delta_of_delta) {
    delta += static_cast<uint64_t>(delta_of_delta);
    time += delta;
  }
  int64_t ms() const { return static_cast<int64_t>(time); }
};

bool ReadXorValue(BitReader& in, ValueState& value) {
  if (!in.Bit()) return true;
  if (in.Bit()) return value.ReadNewWindow(in);
  value.ReadInWindow(in);
  return true;
}

int64_t ReadXorDeltaOfDelta(BitReader& in) {
  static constexpr int kBits[] = {0, 14, 17, 20, 64};
  const int bits = kBits[in.Ones(4)];
  return bits == 0 ? 0 : SignedUpToHalf(in.Bits(bits), bits);
}

// A signed number of Prometheus' histogram chunks: up to eight ones choose the width.
int64_t ReadVarbitInt(BitReader& in) {
  static constexpr int kBits[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};
  const int bits = kBits[in.Ones(8)];
  return bits == 0 ? 0 : SignedUpToHalf(in.Bits(bits), bits);
}

absl::Status Malformed(std::string_view type, size_t sample, size_t count) {
  return absl::DataLossError(
      StrCat(type, " chunk: sample ", sample + 1, " of ", count, " is cut or malformed"));
}

size_t Count(std::string_view chunk) {
  return static_cast<size_t>(static_cast<unsigned char>(chunk[0])) << 8 |
         static_cast<unsigned char>(chunk[1]);
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
  const size_t count = Count(chunk);
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
  const size_t count = Count(chunk);
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

absl::Status DecodeFloatChunk(int32_t encoding, std::string_view chunk,
                              std::vector<Sample>& samples) {
  switch (static_cast<ChunkEncoding>(encoding)) {
    case ChunkEncoding::kXor:
      return DecodeXorChunk(chunk, samples);
    case ChunkEncoding::kXor2:
      return DecodeXor2Chunk(chunk, samples);
    default:
      break;
  }
  const std::string_view name = EncodingName(encoding);
  return absl::UnimplementedError(
      name.empty() ? StrCat("chunks of the unknown type ", encoding, " cannot be read")
                   : StrCat(name, " chunks (type ", encoding, ") cannot be read"));
}

}  // namespace sloburn::remote
