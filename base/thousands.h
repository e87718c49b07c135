// SPDX-License-Identifier: Apache-2.0
// Large numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace sloburn {

// 11000 -> "11,000".
inline std::string WithThousandsCommas(int64_t number) {
  std::string text = std::to_string(number);
  const int digits_from = number < 0 ? 1 : 0;
  for (int at = static_cast<int>(text.size()) - 3; at > digits_from; at -= 3) {
    text.insert(at, 1, ',');
  }
  return text;
}

}  // namespace sloburn
