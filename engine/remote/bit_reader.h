// SPDX-License-Identifier: Apache-2.0
// Bits from the highest down, and the numbers that TSDB chunks are made of. Private to the chunk
// decoders; the writing side is bit_writer.h.
//
//   BitReader in(chunk.substr(3));
//   time.Advance(ReadVarbitInt(in));
//   if (!ReadXorValue(in, value) || in.failed()) return ...;
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sloburn::remote {

// Reads bits from the highest down. Past the end it gives zeros and remembers that it failed, so
// that callers look once per sample.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  bool failed() const { return failed_; }
  uint64_t BitsLeft() const {
    return 8 * uint64_t{bytes_.size()} + static_cast<uint64_t>(buffered_);
  }

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
inline int64_t SignedUpToHalf(uint64_t bits, int count) {
  if (count < 64 && bits > uint64_t{1} << (count - 1)) bits -= uint64_t{1} << count;
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

inline bool ReadXorValue(BitReader& in, ValueState& value) {
  if (!in.Bit()) return true;
  if (in.Bit()) return value.ReadNewWindow(in);
  value.ReadInWindow(in);
  return true;
}

// Numbers of Prometheus' histogram chunks: up to eight ones choose the width.
inline constexpr int kVarbitBits[] = {0, 3, 6, 9, 12, 18, 25, 56, 64};

inline int64_t ReadVarbitInt(BitReader& in) {
  const int bits = kVarbitBits[in.Ones(8)];
  return bits == 0 ? 0 : SignedUpToHalf(in.Bits(bits), bits);
}

inline uint64_t ReadVarbitUint(BitReader& in) {
  const int bits = kVarbitBits[in.Ones(8)];
  return bits == 0 ? 0 : in.Bits(bits);
}

// How many samples a chunk says it has. REQUIRES: at least two bytes.
inline size_t ChunkCount(std::string_view chunk) {
  return static_cast<size_t>(static_cast<unsigned char>(chunk[0])) << 8 |
         static_cast<unsigned char>(chunk[1]);
}

}  // namespace sloburn::remote
