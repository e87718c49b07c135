// SPDX-License-Identifier: Apache-2.0
// The start timestamps of a script's series: `metric{...}@st -1m _ -30s-1mx2` in a line of its own
// before the series.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sloburn::cli {

// The part before "@st" where `line` tells start timestamps.
std::optional<std::string_view> StartLineMetric(std::string_view line);

// One entry per sample: milliseconds relative to its timestamp, unset where none is told. At most
// `max_values`. Errors: InvalidArgument, naming the item.
absl::StatusOr<std::vector<std::optional<int64_t>>> ParseStartOffsets(std::string_view line,
                                                                      size_t max_values);

}  // namespace sloburn::cli
