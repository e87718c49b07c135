// SPDX-License-Identifier: Apache-2.0
// The timestamps of a chunk, and when its samples began to count.
//
// regular times    first:signed varint, and of two or more samples the interval:varint
// irregular times  column (integer_column.h) with differences of order 1 or 2
// starts           runs (runs.h) of equal starts, column of their values
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/storage/chunk/bytes.h"

namespace sloburn::chunk {

// Whether any two neighbours are equally far apart. One timestamp is regular.
bool IsRegular(const int64_t* timestamps, size_t size);

void WriteTimes(const int64_t* timestamps, size_t size, bool is_regular, std::string& out);

// Where they do not increase strictly, `in` fails.
void ReadTimes(ByteReader& in, size_t size, bool is_regular, int64_t* timestamps);

struct RegularTimes {
  int64_t first = 0;
  uint64_t interval = 0;  // of one sample 0
};
RegularTimes ReadRegularTimes(ByteReader& in, size_t size);

void WriteStarts(const int64_t* starts, size_t size, std::string& out);
void ReadStarts(ByteReader& in, size_t size, int64_t* starts);

}  // namespace sloburn::chunk
