// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli), the checksum of remote read's frames and of all that the store keeps on
// disk.
//
// Threads: pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace sloburn {

uint32_t Crc32c(std::string_view bytes);

}  // namespace sloburn
