// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/xor_chunk_encode.h"

#include <bit>
#include <limits>

#include "base/check.h"
#include "engine/remote/bit_writer.h"

namespace sloburn::remote {
namespace {

void WriteDeltaOfDelta(BitWriter& out, int64_t value) {
  if (value == 0) return out.Bits(0, 1);
  static constexpr int kBits[] = {14, 17, 20};
  for (int i = 0; i < 3; ++i) {
    if (!BitWriter::FitsHalf(value, kBits[i])) continue;
    const int ones = i + 1;
    out.Bits(((uint64_t{1} << ones) - 1) << 1, ones + 1);
    return out.Bits(static_cast<uint64_t>(value), kBits[i]);
  }
  out.Bits(0b1111, 4);
  out.Bits(static_cast<uint64_t>(value), 64);
}

}  // namespace

std::string EncodeXorChunk(const int64_t* timestamps, const double* values, size_t count) {
  CHECK(count <= std::numeric_limits<uint16_t>::max());
  BitWriter out;
  out.Bits(count, 16);
  XorWindow window;
  uint64_t delta = 0;  // wraps as Go's does
  for (size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<uint64_t>(values[i]);
    if (i == 0) {
      out.Varint(timestamps[0]);
      out.Bits(bits, 64);
      continue;
    }
    const uint64_t next =
        static_cast<uint64_t>(timestamps[i]) - static_cast<uint64_t>(timestamps[i - 1]);
    if (i == 1) {
      out.Uvarint(next);
    } else {
      WriteDeltaOfDelta(out, static_cast<int64_t>(next - delta));
    }
    delta = next;
    window.Write(out, std::bit_cast<uint64_t>(values[i - 1]), bits);
  }
  return out.Take();
}

}  // namespace sloburn::remote
