// SPDX-License-Identifier: Apache-2.0
// The result of a query as lines of text, as `promtool query instant` and `range` print it; native
// histograms as `Count: 3.000000, Sum: 5.000000, Buckets: [(1,2]:3]`.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sloburn::cli {

// `answer` is a successful one of /api/v1/query or /api/v1/query_range. Errors: DataLoss where it
// is not.
absl::StatusOr<std::string> PrintResult(std::string_view answer);

}  // namespace sloburn::cli
