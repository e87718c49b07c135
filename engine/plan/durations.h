// SPDX-License-Identifier: Apache-2.0
// Durations that were written as expressions, resolved once the query's times are known.
#pragma once

#include "absl/status/statusor.h"
#include "engine/model/time_range.h"
#include "parser/ast.h"

namespace sloburn::engine {

enum class DurationUse { kOffset, kRangeOrStep };  // the latter must be greater than 0

// Milliseconds. step() is 0 and range() is 0 for an instant query. Errors carry the place:
// "3:8: duration must be greater than 0".
absl::StatusOr<int64_t> ResolveDuration(const parser::Duration& duration,
                                        const TimeRange& query_range, DurationUse use);

}  // namespace sloburn::engine
