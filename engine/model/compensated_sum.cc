// SPDX-License-Identifier: Apache-2.0
#include "engine/model/compensated_sum.h"

#include <limits>

#include "base/multiversion.h"

namespace sloburn {

// As CompensatedSum::Add, with selections in place of branches.
SLOBURN_MULTIVERSION void AddToEach(double* __restrict sums, double* __restrict compensations,
                                    const double* __restrict values, size_t size) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < size; ++i) {
    const double sum = sums[i], x = values[i];
    const double t = sum + x;
    const bool is_sum_larger = std::fabs(sum) >= std::fabs(x);
    const double larger = is_sum_larger ? sum : x;
    const double smaller = is_sum_larger ? x : sum;
    const double c = compensations[i] + ((larger - t) + smaller);
    compensations[i] = std::fabs(t) == kInf ? 0.0 : c;
    sums[i] = t;
  }
}

}  // namespace sloburn
