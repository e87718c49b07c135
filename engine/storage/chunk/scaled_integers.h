// SPDX-License-Identifier: Apache-2.0
// Doubles that are integers or decimals of few digits, as integers: value = integer / 10^digits.
// Division is rounded correctly, so such a value is the double that its decimal text stands for.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/storage/chunk/special_values.h"

namespace sloburn::chunk {

inline constexpr int kMaxDecimals = 18;
inline constexpr double kPowersOf10[kMaxDecimals + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                                         1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                                         1e14, 1e15, 1e16, 1e17, 1e18};

struct ScaledIntegers {
  int digits = 0;
  // What is special repeats the integer before it.
  std::vector<uint64_t> integers;
  SpecialValues specials;
};

// Absent where too many values have no such form.
std::optional<ScaledIntegers> ScaleBy(const double* values, size_t size, int digits);

// The digits after the point that most of some of the values have, absent where that is unclear.
std::optional<int> CommonDigits(const double* values, size_t size);

}  // namespace sloburn::chunk
