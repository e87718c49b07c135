// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iterator>
#include <limits>

#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// Go's math.Max and math.Min: an infinity beats NaN, and -0 < +0.
double GoMax(double a, double b) {
  if (a == kInf || b == kInf) return kInf;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  if (a == 0 && b == 0) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

double GoMin(double a, double b) {
  if (a == -kInf || b == -kInf) return -kInf;
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<double>::quiet_NaN();
  if (a == 0 && b == 0) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}

double Abs(double v, const double*) { return std::fabs(v); }
double Ceil(double v, const double*) { return std::ceil(v); }
double Floor(double v, const double*) { return std::floor(v); }
double Exp(double v, const double*) { return std::exp(v); }
double Sqrt(double v, const double*) { return std::sqrt(v); }
double Ln(double v, const double*) { return std::log(v); }
double Log2(double v, const double*) { return std::log2(v); }
double Log10(double v, const double*) { return std::log10(v); }
double Sgn(double v, const double*) { return v < 0 ? -1 : v > 0 ? 1 : v; }

// Ties go up. The inverse gives fewer rounding surprises than dividing.
double Round(double v, const double* args) {
  const double inverse = 1.0 / args[0];
  return std::floor(v * inverse + 0.5) / inverse;
}

double Clamp(double v, const double* args) { return GoMax(args[0], GoMin(args[1], v)); }
double ClampMin(double v, const double* args) { return GoMax(args[0], GoMin(kInf, v)); }
double ClampMax(double v, const double* args) { return GoMax(-kInf, GoMin(args[0], v)); }
double MaxOf(double, const double* args) { return GoMax(args[0], args[1]); }
double MinOf(double, const double* args) { return GoMin(args[0], args[1]); }

constexpr FunctionRow kRows[] = {
    Point("abs", Abs, "The absolute value."),
    Point("ceil", Ceil, "Rounds up to an integer."),
    Point("floor", Floor, "Rounds down to an integer."),
    Point("exp", Exp, "The exponential function."),
    Point("sqrt", Sqrt, "The square root."),
    Point("ln", Ln, "The natural logarithm."),
    Point("log2", Log2, "The binary logarithm."),
    Point("log10", Log10, "The decimal logarithm."),
    Point("sgn", Sgn, "The sign: 1, 0 or -1."),
    {"round", {kV, kS}, 2, 1, kV, Round, nullptr, false, false,
     "Rounds to the nearest multiple of the second argument (default 1), ties up."},
    {"clamp", {kV, kS, kS}, 3, 0, kV, VectorFunction::kClamp, Clamp, false, false,
     "Limits values to [min, max]."},
    {"clamp_min", {kV, kS}, 2, 0, kV, ClampMin, nullptr, false, false,
     "Limits values from below."},
    {"clamp_max", {kV, kS}, 2, 0, kV, ClampMax, nullptr, false, false,
     "Limits values from above."},
    {"max_of", {kS, kS}, 2, 0, kS, VectorFunction::kScalarFunction, MaxOf, false, true,
     "The larger of two scalars."},
    {"min_of", {kS, kS}, 2, 0, kS, VectorFunction::kScalarFunction, MinOf, false, true,
     "The smaller of two scalars."},
};

}  // namespace

Family MathFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
