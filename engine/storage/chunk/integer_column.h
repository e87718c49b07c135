// SPDX-License-Identifier: Apache-2.0
// A column of integers: the numbers themselves or the differences of neighbours, in blocks that are
// packed each as suits it. All arithmetic wraps in 64 bits, so any numbers come back.
//
//   WriteColumn(numbers, 0, 1, out);
//   ColumnReader reader(in, size);
//   while (const size_t count = reader.NextBlock(block)) ...
//   if (in.failed()) ...
//
// order:byte                    how often differences are taken, 0 to 2
// the first `order` numbers:    signed varints
// blocks of up to 256 of the rest:
//   base:signed varint  code:byte
//   numbers - base, packed by `code` without its highest bit (number_packing.h)
//   where that bit is set, exceptions, whose packed numbers are 0:
//     count - 1:byte  code:byte  gaps, packed  code:byte  excesses, packed
//     A gap is how many numbers lie between an exception and the one before.
//     An excess is zigzag(d) for d = number - base < 0, zigzag(d - limit of the code) otherwise.
// Threads: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/storage/chunk/block_layout.h"
#include "engine/storage/chunk/bytes.h"

namespace sloburn::chunk {

// Differences are taken at least `least_order` and at most `most_order` times, as is shorter.
void WriteColumn(const uint64_t* numbers, size_t size, int least_order, int most_order,
                 std::string& out);

class ColumnReader {
 public:
  // Reads what stands before the blocks. `in` must outlive the reader.
  ColumnReader(ByteReader& in, size_t size);

  // The next numbers, at most kBlockSize; 0 at the end and where `in` has failed.
  size_t NextBlock(uint64_t* numbers);

 private:
  ByteReader& in_;
  size_t left_;
  int order_ = 0;
  size_t firsts_ = 0;        // numbers before the blocks that were not given yet
  uint64_t first_[2] = {};
  uint64_t last_ = 0;        // number
  uint64_t last_delta_ = 0;  // where order_ is 2
};

// All numbers at once; false where `in` has failed.
bool ReadColumn(ByteReader& in, size_t size, uint64_t* numbers);

}  // namespace sloburn::chunk
