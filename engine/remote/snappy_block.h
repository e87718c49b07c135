// SPDX-License-Identifier: Apache-2.0
// Snappy's block format, as remote read and remote write carry it (not the framed format).
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sloburn::remote {

std::string SnappyCompress(std::string_view bytes);

// The length that the block declares is checked before memory is taken for it: against the limit,
// and against what so many compressed bytes can hold at most.
// Errors: InvalidArgument (not a snappy block), ResourceExhausted (more than max_decoded_bytes).
absl::StatusOr<std::string> SnappyDecompress(std::string_view block, size_t max_decoded_bytes);

}  // namespace sloburn::remote
