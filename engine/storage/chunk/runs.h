// SPDX-License-Identifier: Apache-2.0
// Runs of equal elements: how long each is.
//
// runs:varint, then, unless there is one run or each element is one, a column (integer_column.h) of
// the lengths of all but the last.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/storage/chunk/bytes.h"

namespace sloburn::chunk {

// Where each run of equal elements begins.
std::vector<size_t> RunStarts(const uint64_t* elements, size_t size);

void WriteRuns(const std::vector<size_t>& starts, size_t size, std::string& out);

// Where each run begins; where they do not make `size` elements, none, and `in` fails.
std::vector<size_t> ReadRuns(ByteReader& in, size_t size);

// From the heads of the runs, which are the first elements, to all elements.
template <typename Element>
void ExpandRuns(const std::vector<size_t>& starts, size_t size, Element* elements) {
  size_t end = size;
  for (size_t run = starts.size(); run-- > 0; end = starts[run]) {
    const Element head = elements[run];
    for (size_t i = starts[run]; i < end; ++i) elements[i] = head;
  }
}

}  // namespace sloburn::chunk
