// SPDX-License-Identifier: Apache-2.0
// What /query and /query_range have in common once their times are known.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "engine/model/time_range.h"
#include "web/api/api_handler.h"
#include "web/dependencies.h"

namespace sloburn::web {

// Reads query, timeout, lookback_delta, stats and explain from `form`, evaluates over `range` and appends
// {"resultType":...,"result":...}. `as_range`: the result is a matrix whatever the range.
// `limit` cuts the result (0: no limit). The time spent waiting counts against the timeout.
absl::StatusOr<Notes> RunQuery(const Request& request, const Form& form, const Dependencies& deps,
                               const TimeRange& range, bool as_range, int64_t limit,
                               std::string& out);

}  // namespace sloburn::web
