// SPDX-License-Identifier: Apache-2.0
// Staleness: a sample with one particular NaN says that its series has ended.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace sloburn {

inline constexpr uint64_t kStaleBits = 0x7ff0000000000002;
// The ordinary NaN that Prometheus writes.
inline constexpr uint64_t kNormalNanBits = 0x7ff8000000000001;

inline double StaleMarker() { return std::bit_cast<double>(kStaleBits); }
inline double NormalNan() { return std::bit_cast<double>(kNormalNanBits); }
// Whether one of the values is a staleness marker.
bool HasStale(const double* values, size_t size);

inline bool IsStale(double value) { return std::bit_cast<uint64_t>(value) == kStaleBits; }

}  // namespace sloburn
