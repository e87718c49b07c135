// SPDX-License-Identifier: Apache-2.0
// The values of a chunk: any doubles, to the bit, by the codec that is shortest for them.
//
//   const ValueCodec codec = WriteValues(values, size, out);
//   ReadValues(codec, in, size, size, values);   if (in.failed()) ...
//
// constant  the value: zigzag(integer) << 1 as a varint where it is one, otherwise 1:byte, 8 bytes
// runs      the runs (runs.h), the codec of their values (another one):byte, their values
// integer   shift:byte, specials (special_values.h), column (integer_column.h):
//           value = integer << shift
// decimal   digits:byte, specials, column: value = integer / 10^digits
// bits      shift:byte, column of the values' 64 bits >> shift; where the shift's highest bit is
//           set, of (the lower 63 bits >> shift) << 1 | sign
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/storage/chunk/bytes.h"

namespace sloburn::chunk {

// Numbers are part of the format.
enum class ValueCodec : uint8_t { kConstant = 0, kRuns = 1, kInteger = 2, kDecimal = 3, kBits = 4 };

inline constexpr bool IsValueCodec(uint8_t codec) { return codec <= 4; }
std::string_view CodecName(ValueCodec codec);

// REQUIRES: size > 0.
ValueCodec WriteValues(const double* values, size_t size, std::string& out);

// At least the first `wanted` of `size` values; `in` is at their end only where all are wanted.
// `values` has room for `size`.
void ReadValues(ValueCodec codec, ByteReader& in, size_t size, size_t wanted, double* values);

}  // namespace sloburn::chunk
