// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/quantile.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

bool QuantileOverTime(const Window& w, const double* args, double* result) {
  std::vector<double> values(w.values, w.values + w.size);
  *result = Quantile(args[0], values);
  return true;
}

constexpr FunctionRow kRows[] = {
    {"quantile_over_time", {kS, kM}, 2, 0, kV, QuantileOverTime, nullptr, false, false,
     "The quantile of the samples in the window.", nullptr, false, true},
};

}  // namespace

double Quantile(double q, std::vector<double>& values) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  if (values.empty() || std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  const auto less = [](double a, double b) { return a < b || (std::isnan(a) && !std::isnan(b)); };
  const double n = static_cast<double>(values.size());
  const double rank = q * (n - 1);
  const double lower = std::max(0.0, std::floor(rank));
  const double upper = std::min(n - 1, lower + 1);
  const double weight = rank - std::floor(rank);
  // Only two neighbours of the sorted order are needed.
  const auto low = values.begin() + static_cast<ptrdiff_t>(lower);
  std::nth_element(values.begin(), low, values.end(), less);
  double high = *low;
  if (upper > lower) high = *std::min_element(low + 1, values.end(), less);
  return *low * (1 - weight) + high * weight;
}

Family QuantileFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
