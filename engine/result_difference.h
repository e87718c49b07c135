// SPDX-License-Identifier: Apache-2.0
// Whether two executions of a query gave the same, to the last bit unless said otherwise: for tests
// of what must not change a result.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "engine/engine.h"

namespace sloburn::engine {

// Empty where values (NaN payloads and reset hints too), their order, and errors are equal;
// otherwise the first difference, for a person to read. Annotations are not compared: some tell how
// often a thing was met, which depends on how often it was looked for.
// Floats may differ by `relative` times the larger one.
std::string DescribeDifference(const absl::StatusOr<QueryResult>& a,
                               const absl::StatusOr<QueryResult>& b, double relative = 0);

}  // namespace sloburn::engine
