// SPDX-License-Identifier: Apache-2.0
// Whether a native histogram from outside makes sense, in Prometheus' words.
#pragma once

#include "absl/status/status.h"
#include "engine/model/histogram.h"

namespace sloburn {

// Prometheus reads schemas up to this one, of later versions, as the finest that it knows.
inline constexpr int32_t kFinestSchemaOnTheWire = 52;
inline bool IsFinerThanKnown(int32_t schema) {
  return schema > kMaxExponentialSchema && schema <= kFinestSchemaOnTheWire;
}

// InvalidArgument for spans that do not fit the counts, negative counts, bad bounds, and parts that
// the schema excludes. With `has_integer_counts` the count must also be that of all buckets.
absl::Status ValidateHistogram(const Histogram& histogram, bool has_integer_counts);

}  // namespace sloburn
