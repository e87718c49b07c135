// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/sample_count.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/float_text.h"

namespace sloburn::engine {
absl::StatusOr<bool> ChecksAsSampleCount(const Column& k) {
  for (const double value : k.values) {
    if (std::isnan(value)) return absl::FailedPreconditionError("Parameter value is NaN");
  }
  constexpr double kInt64Limit = 9223372036854775807.0;
  const auto [least, most] = std::minmax_element(k.values.begin(), k.values.end());
  // Prometheus looks at this before it looks for values out of range.
  if (*most < 1) return false;
  if (*least <= -kInt64Limit) {
    return absl::FailedPreconditionError(
        absl::StrCat("Scalar value ", FormatFloatG(*least), " underflows int64"));
  }
  if (*most >= kInt64Limit) {
    return absl::FailedPreconditionError(
        absl::StrCat("Scalar value ", FormatFloatG(*most), " overflows int64"));
  }
  return true;
}

}  // namespace sloburn::engine
