// SPDX-License-Identifier: Apache-2.0
#include "engine/model/stale.h"

#include "base/multiversion.h"

namespace sloburn {

SLOBURN_MULTIVERSION bool HasStale(const double* values, size_t size) {
  uint64_t found = 0;
  for (size_t i = 0; i < size; ++i) {
    found |= std::bit_cast<uint64_t>(values[i]) == kStaleBits ? 1 : 0;
  }
  return found != 0;
}

}  // namespace sloburn
