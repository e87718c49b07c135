// SPDX-License-Identifier: Apache-2.0
// The quantile of a set of floats.
#pragma once

#include <vector>

namespace sloburn::engine {

// Reorders `values` (NaN counts as smallest) and interpolates linearly between the two neighbours
// of rank q * (n - 1). No values or q = NaN: NaN; q < 0: -Inf; q > 1: +Inf.
double Quantile(double q, std::vector<double>& values);

}  // namespace sloburn::engine
