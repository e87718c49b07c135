// SPDX-License-Identifier: Apache-2.0
// Checks of flag values, with messages for humans.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sloburn::cli {

// A whole number in [least, most]; otherwise e.g. `-1 is too small; the least is 1`.
CLI::Validator WholeNumber(int64_t least, int64_t most = std::numeric_limits<int64_t>::max());

// "512", "64KB", "1.5GiB": bytes; units are powers of 1024, as in Prometheus. Errors name `flag`.
absl::StatusOr<int64_t> ParseBytesFlag(std::string_view flag, const std::string& text);

}  // namespace sloburn::cli
