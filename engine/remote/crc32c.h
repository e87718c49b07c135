// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli), the checksum of remote read's frames.
//
// Threads: pure function.
#pragma once

#include <cstdint>
#include <string_view>

namespace sloburn::remote {

uint32_t Crc32c(std::string_view bytes);

}  // namespace sloburn::remote
