// SPDX-License-Identifier: Apache-2.0
// Query results -> Prometheus' JSON, straight into the answer. Written for large matrices: one
// append per point, timestamps formatted once for all series.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/model/sample.h"

namespace sloburn::web {

// "matrix", "vector", "scalar", "string".
std::string_view ResultTypeText(const QueryValue& value);

// Appends the value of "result". Errors: ResourceExhausted when `out` grows past `max_bytes`.
absl::Status AppendResultJson(std::string& out, const QueryValue& value, int64_t max_bytes);

// Cuts vectors and matrices to `limit` entries (0: none); true when something was cut.
bool TruncateResult(QueryValue& value, int64_t limit);

}  // namespace sloburn::web
