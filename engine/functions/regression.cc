// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iterator>
#include <limits>

#include "absl/strings/str_format.h"
#include "base/float_text.h"
#include "base/str_cat.h"
#include "engine/model/compensated_sum.h"
#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

struct Line {
  double slope, intercept;
};

// Least squares, x in seconds relative to `intercept_ms`.
Line Regress(const Window& w, int64_t intercept_ms) {
  CompensatedSum sum_x, sum_y, sum_xy, sum_x2;
  const double first = w.values[0];
  bool is_constant = true;
  for (size_t i = 0; i < w.size; ++i) {
    const double y = w.values[i];
    if (i > 0 && y != first) is_constant = false;
    const double x = static_cast<double>(w.timestamps[i] - intercept_ms) / 1e3;
    sum_x.Add(x);
    sum_y.Add(y);
    sum_xy.Add(x * y);
    sum_x2.Add(x * x);
  }
  if (is_constant) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    return std::isinf(first) ? Line{kNan, kNan} : Line{0, first};
  }
  const double n = static_cast<double>(w.size);
  const double x = sum_x.sum + sum_x.c, y = sum_y.sum + sum_y.c;
  const double xy = sum_xy.sum + sum_xy.c, x2 = sum_x2.sum + sum_x2.c;
  const double covariance = xy - x * y / n;
  const double variance = x2 - x * x / n;
  const double slope = covariance / variance;
  return {slope, y / n - slope * x / n};
}

bool Deriv(const Window& w, const double*, double* result) {
  if (w.size < 2) return false;
  *result = Regress(w, w.timestamps[0]).slope;
  return true;
}

bool PredictLinear(const Window& w, const double* args, double* result) {
  if (w.size < 2) return false;
  const Line line = Regress(w, w.eval_ms);
  *result = line.slope * args[0] + line.intercept;
  return true;
}

// Holt's linear method.
bool Smooth(const Window& w, const double* args, double* result) {
  if (w.size < 2) return false;
  const double smoothing = args[0], trend = args[1];
  double before = 0, level = w.values[0];
  double slope = w.values[1] - w.values[0];
  for (size_t i = 1; i < w.size; ++i) {
    const double x = smoothing * w.values[i];
    if (i > 1) slope = trend * (level - before) + (1 - trend) * slope;
    const double y = (1 - smoothing) * (level + slope);
    before = level;
    level = x + y;
  }
  *result = level;
  return true;
}

absl::Status CheckFactors(const double* args) {
  const auto check = [](const char* name, const char* letter, double factor) -> absl::Status {
    // NaN passes, as in Prometheus, and makes the result NaN.
    if (!(factor <= 0 || factor >= 1)) return absl::OkStatus();
    const std::string text = std::isinf(factor) ? FormatFloatF(factor)
                                                : absl::StrFormat("%f", factor);
    return absl::FailedPreconditionError(StrCat("invalid ", name, " factor. Expected: 0 < ", letter,
                                                " < 1, got: ", text));
  };
  const absl::Status smoothing = check("smoothing", "sf", args[0]);
  return smoothing.ok() ? check("trend", "tf", args[1]) : smoothing;
}

constexpr FunctionRow kRows[] = {
    OverTime("deriv", Deriv, "The per-second slope of a gauge by least squares."),
    {"predict_linear", {kM, kS}, 2, 0, kV, PredictLinear, nullptr, false, false,
     "The value expected in the given number of seconds, by least squares."},
    {"double_exponential_smoothing", {kM, kS, kS}, 3, 0, kV, Smooth, nullptr, false, true,
     "A smoothed value, with smoothing and trend factors.", nullptr, false, false, CheckFactors},
};

}  // namespace

Family RegressionFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
