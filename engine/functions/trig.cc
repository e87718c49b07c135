// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iterator>
#include <numbers>

#include "engine/functions/family.h"

namespace sloburn::engine {
namespace {

double Sin(double v, const double*) { return std::sin(v); }
double Cos(double v, const double*) { return std::cos(v); }
double Tan(double v, const double*) { return std::tan(v); }
double Asin(double v, const double*) { return std::asin(v); }
double Acos(double v, const double*) { return std::acos(v); }
double Atan(double v, const double*) { return std::atan(v); }
// Where one of the two exponentials is lost in the other's rounding, Go halves the larger one, which
// overflows a little earlier than the exact result.
constexpr double kOneExponential = 21;

double Sinh(double v, const double*) {
  if (std::fabs(v) <= kOneExponential) return std::sinh(v);
  return std::copysign(std::exp(std::fabs(v)) * 0.5, v);
}
double Cosh(double v, const double*) {
  return std::fabs(v) > kOneExponential ? std::exp(std::fabs(v)) * 0.5 : std::cosh(v);
}
double Tanh(double v, const double*) { return std::tanh(v); }
double Asinh(double v, const double*) { return std::asinh(v); }
double Acosh(double v, const double*) { return std::acosh(v); }
double Atanh(double v, const double*) { return std::atanh(v); }
double Deg(double v, const double*) { return v * 180 / std::numbers::pi; }
double Rad(double v, const double*) { return v * std::numbers::pi / 180; }

constexpr FunctionRow kRows[] = {
    Point("sin", Sin, "The sine, of radians."),
    Point("cos", Cos, "The cosine, of radians."),
    Point("tan", Tan, "The tangent, of radians."),
    Point("asin", Asin, "The arcsine, in radians."),
    Point("acos", Acos, "The arccosine, in radians."),
    Point("atan", Atan, "The arctangent, in radians."),
    Point("sinh", Sinh, "The hyperbolic sine."),
    Point("cosh", Cosh, "The hyperbolic cosine."),
    Point("tanh", Tanh, "The hyperbolic tangent."),
    Point("asinh", Asinh, "The inverse hyperbolic sine."),
    Point("acosh", Acosh, "The inverse hyperbolic cosine."),
    Point("atanh", Atanh, "The inverse hyperbolic tangent."),
    Point("deg", Deg, "Radians to degrees."),
    Point("rad", Rad, "Degrees to radians."),
    {"pi", {}, 0, 0, kS, VectorFunction::kPi, nullptr, false, false, "The number pi."},
};

}  // namespace

Family TrigFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
