// SPDX-License-Identifier: Apache-2.0
// What a binary operator does to two floats.
#pragma once

#include <cmath>

#include "base/check.h"
#include "parser/operators.h"

namespace sloburn::engine {

// Calls `use(f)` with f(l, r) -> double for an arithmetic operator, so that loops are compiled per
// operator. Formulas: Prometheus' scalarBinop.
template <typename Use>
void WithArithmetic(parser::BinaryOperator op, Use use) {
  using Op = parser::BinaryOperator;
  switch (op) {
    case Op::kAdd: return use([](double l, double r) { return l + r; });
    case Op::kSubtract: return use([](double l, double r) { return l - r; });
    case Op::kMultiply: return use([](double l, double r) { return l * r; });
    case Op::kDivide: return use([](double l, double r) { return l / r; });
    case Op::kModulo: return use([](double l, double r) { return std::fmod(l, r); });
    case Op::kPower: return use([](double l, double r) { return std::pow(l, r); });
    case Op::kAtan2: return use([](double l, double r) { return std::atan2(l, r); });
    default: CHECK(false);
  }
}

// The same for comparisons: f(l, r) -> bool.
template <typename Use>
void WithComparison(parser::BinaryOperator op, Use use) {
  using Op = parser::BinaryOperator;
  switch (op) {
    case Op::kEqual: return use([](double l, double r) { return l == r; });
    case Op::kNotEqual: return use([](double l, double r) { return l != r; });
    case Op::kLess: return use([](double l, double r) { return l < r; });
    case Op::kLessOrEqual: return use([](double l, double r) { return l <= r; });
    case Op::kGreater: return use([](double l, double r) { return l > r; });
    case Op::kGreaterOrEqual: return use([](double l, double r) { return l >= r; });
    default: CHECK(false);
  }
}

}  // namespace sloburn::engine
