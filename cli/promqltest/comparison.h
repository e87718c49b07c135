// SPDX-License-Identifier: Apache-2.0
// Does a query's result equal what a test script expects? Tolerances are the upstream runner's.
#pragma once

#include "absl/status/status.h"
#include "cli/promqltest/script.h"
#include "engine/engine.h"

namespace sloburn::cli {

// Both NaN; both stale; or |a-b| / (|a|+|b|) < 1e-6.
bool SameFloat(double a, double b);

// FailedPrecondition with "expected ..., got ..." where they differ. `time_ms` is when the instant
// query was asked.
absl::Status CompareInstant(const EvalCommand& eval, const QueryValue& value, int64_t time_ms);
absl::Status CompareRange(const EvalCommand& eval, const QueryValue& value);

// FailedPrecondition unless the series are in the order of their labels.
absl::Status CheckSorted(const Matrix& matrix);

bool TextMatches(const ExpectedText& expected, std::string_view text);

}  // namespace sloburn::cli
