// SPDX-License-Identifier: Apache-2.0
// The few values of a chunk that its codec cannot express (staleness markers and other NaNs, -0,
// infinities, numbers of more digits than the others): where they stand, and their bits.
//
//   SpecialValues specials;  specials.Add(position, value);  specials.Write(out);
//   SpecialValues again;     again.Read(in, size);           again.Apply(values);
//
// count:varint, and unless that is 0:
//   patterns:varint, each 8 bytes, little-endian
//   gaps: column (integer_column.h) of how many values lie between a special one and the one before
//   indexes: column of which pattern each has, unless there is one pattern
// Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/storage/chunk/bytes.h"

namespace sloburn::chunk {

class SpecialValues {
 public:
  size_t patterns() const { return patterns_.size(); }

  // In order of their positions.
  void Add(size_t position, double value);
  void Write(std::string& out) const;

  // For `size` values; where they are malformed `in` fails.
  void Read(ByteReader& in, size_t size);
  void Apply(double* values) const;

 private:
  std::vector<uint64_t> gaps_, indexes_;
  std::vector<uint64_t> patterns_;
  size_t next_ = 0;  // after the last one
};

}  // namespace sloburn::chunk
