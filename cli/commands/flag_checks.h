// SPDX-License-Identifier: Apache-2.0
// Checks of flag values, with messages for humans.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>

namespace sloburn::cli {

// A whole number in [least, most]; otherwise e.g. `-1 is too small; the least is 1`.
CLI::Validator WholeNumber(int64_t least, int64_t most = std::numeric_limits<int64_t>::max());

}  // namespace sloburn::cli
