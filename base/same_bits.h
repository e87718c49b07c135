// SPDX-License-Identifier: Apache-2.0
// Equality of doubles to the bit: 0 is not -0, and a NaN equals itself. Threads: pure functions.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace sloburn {

inline bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

inline bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return SameBits(x, y); });
}

}  // namespace sloburn
