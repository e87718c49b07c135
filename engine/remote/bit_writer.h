// SPDX-License-Identifier: Apache-2.0
// Bits from the highest down, and the numbers that TSDB chunks are made of. Private to the chunk
// encoders; the reading side is bit_reader.h.
//
//   BitWriter out;
//   out.Varint(time);
//   XorWindow window;
//   window.Write(out, bits_before, bits_now);
//   std::string bytes = out.Take();
//
// Threads: one at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <utility>

namespace sloburn::remote {

class BitWriter {
 public:
  // The lowest `count` (1 to 64) of `bits`.
  void Bits(uint64_t bits, int count) {
    if (count > 32) {
      Bits(bits >> 32, count - 32);
      count = 32;
    }
    buffer_ = buffer_ << count | (bits & ((uint64_t{1} << count) - 1));
    buffered_ += count;
    while (buffered_ >= 8) {
      buffered_ -= 8;
      bytes_ += static_cast<char>(buffer_ >> buffered_);
    }
  }

  void Uvarint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) Bits(value | 0x80, 8);
    Bits(value, 8);
  }

  void Varint(int64_t value) {
    Uvarint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  }

  // Prometheus' numbers of few bits: as many ones as the width is the n-th, a zero, the number.
  void VarbitInt(int64_t value) {
    if (value == 0) return Bits(0, 1);
    for (int i = 0; i < kVarbitWidths; ++i) {
      if (FitsHalf(value, kVarbitBits[i])) return Varbit(i, static_cast<uint64_t>(value));
    }
    Bits(0xff, 8);
    Bits(static_cast<uint64_t>(value), 64);
  }

  void VarbitUint(uint64_t value) {
    if (value == 0) return Bits(0, 1);
    for (int i = 0; i < kVarbitWidths; ++i) {
      if (value >> kVarbitBits[i] == 0) return Varbit(i, value);
    }
    Bits(0xff, 8);
    Bits(value, 64);
  }

  // Whether the readers' rule, by which only patterns above 100..0 are negative, gives it back.
  static bool FitsHalf(int64_t value, int bits) {
    const int64_t half = int64_t{1} << (bits - 1);
    return -(half - 1) <= value && value <= half;
  }

  // The last byte is filled with zeros.
  std::string Take() {
    if (buffered_ > 0) Bits(0, 8 - buffered_);
    return std::move(bytes_);
  }

 private:
  static constexpr int kVarbitWidths = 7;
  static constexpr int kVarbitBits[kVarbitWidths] = {3, 6, 9, 12, 18, 25, 56};

  void Varbit(int width, uint64_t value) {
    const int ones = width + 1;
    Bits(((uint64_t{1} << ones) - 1) << 1, ones + 1);
    Bits(value, kVarbitBits[width]);
  }

  std::string bytes_;
  uint64_t buffer_ = 0;  // its lowest bits wait for a whole byte
  int buffered_ = 0;
};

// The bits in which values that follow each other differ: 0 same | 10 bits of the last window |
// 11 leading:5 size:6 (0 = 64) bits.
class XorWindow {
 public:
  void Write(BitWriter& out, uint64_t before, uint64_t now) {
    const uint64_t difference = before ^ now;
    if (difference == 0) return out.Bits(0, 1);
    const int leading = std::min(31, std::countl_zero(difference));
    const int trailing = std::countr_zero(difference);
    if (leading_ >= 0 && leading >= leading_ && trailing >= trailing_) {
      out.Bits(0b10, 2);
    } else {
      leading_ = leading;
      trailing_ = trailing;
      out.Bits(0b11, 2);
      out.Bits(static_cast<uint64_t>(leading), 5);
      out.Bits(static_cast<uint64_t>(64 - leading - trailing), 6);
    }
    out.Bits(difference >> trailing_, 64 - leading_ - trailing_);
  }

 private:
  int leading_ = -1;  // none yet
  int trailing_ = 0;
};

}  // namespace sloburn::remote
