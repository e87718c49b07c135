// SPDX-License-Identifier: Apache-2.0
// How a block of integers is packed in the fewest bits: which numbers are packed relative to which
// base, and which few are left out as exceptions, so that one counter reset does not widen a block.
//
// Threads: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/storage/chunk/number_packing.h"

namespace sloburn::chunk {

inline constexpr size_t kBlockSize = 256;
// With the room that unpacking needs.
using BlockNumbers = std::array<uint64_t, kBlockSize + kUnpackedPadding>;

// Numbers n with n - base < PackingLimit(code), in 64 bits that wrap, are packed as n - base.
struct BlockLayout {
  uint64_t base = 0;
  PackingCode code = 0;
  bool may_have_exceptions = false;  // numbers that it does not pack

  bool Packs(uint64_t number) const {
    const uint64_t limit = PackingLimit(code);
    return limit == 0 || number - base < limit;
  }
};

// The numbers are taken as signed ones. REQUIRES: 1 <= size <= kBlockSize.
BlockLayout ChooseLayout(const uint64_t* numbers, size_t size);

}  // namespace sloburn::chunk
