// SPDX-License-Identifier: Apache-2.0
// A column of integers: the numbers themselves or the differences of neighbours, in blocks that are
// packed each as suits it. All arithmetic wraps in 64 bits, so any numbers come back.
//
//   WriteColumn(numbers, 0, 1, out);
//   ReadColumn(in, size, doubles, [](uint64_t number) { return ...; });   if (in.failed()) ...
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
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "engine/storage/chunk/block_layout.h"
#include "engine/storage/chunk/bytes.h"

namespace sloburn::chunk {

// Differences are taken at least `least_order` and at most `most_order` times, as is shorter.
void WriteColumn(const uint64_t* numbers, size_t size, int least_order, int most_order,
                 std::string& out);

// Gives convert(number) for all numbers, or at least for the first `wanted`; where they are
// malformed, `in` fails. `in` is at the column's end only where all are wanted.
template <typename Element, typename Convert>
void ReadColumn(ByteReader& in, size_t size, Element* elements, Convert convert,
                size_t wanted = std::numeric_limits<size_t>::max());

namespace internal {

// What stands before the blocks.
struct ColumnHead {
  int order = 0;
  size_t firsts = 0;
  uint64_t first[2] = {};
};
ColumnHead ReadColumnHead(ByteReader& in, size_t size);

// The differences of a block but for their base. False where `in` has failed.
bool ReadBlock(ByteReader& in, size_t size, uint64_t& base, BlockNumbers& numbers);

}  // namespace internal

template <typename Element, typename Convert>
void ReadColumn(ByteReader& in, size_t size, Element* elements, Convert convert, size_t wanted) {
  const internal::ColumnHead head = internal::ReadColumnHead(in, size);
  if (in.failed()) return;
  for (size_t i = 0; i < head.firsts; ++i) elements[i] = convert(head.first[i]);
  uint64_t last = head.first[head.order == 2 ? 1 : 0], delta = head.first[1] - head.first[0];
  BlockNumbers numbers;
  for (size_t at = head.firsts; at < std::min(size, wanted); at += kBlockSize) {
    const size_t count = std::min(kBlockSize, size - at);
    uint64_t base = 0;
    if (!internal::ReadBlock(in, count, base, numbers)) return;
    Element* to = elements + at;
    if (head.order == 0) {
      for (size_t i = 0; i < count; ++i) to[i] = convert(numbers[i] + base);
    } else if (head.order == 1) {
      for (size_t i = 0; i < count; ++i) to[i] = convert(last += numbers[i] + base);
    } else {
      for (size_t i = 0; i < count; ++i) to[i] = convert(last += delta += numbers[i] + base);
    }
  }
}

}  // namespace sloburn::chunk
