// SPDX-License-Identifier: Apache-2.0
// The operators of PromQL: one table for the lexer, the tree builder, the printer and the engine.
#pragma once

#include <cstdint>
#include <string_view>

namespace sloburn::parser {

enum class BinaryOperator : uint8_t {
  kAdd, kSubtract, kMultiply, kDivide, kModulo, kPower, kAtan2,
  kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual,
  kAnd, kOr, kUnless,
  kTrimUpper,  // </
  kTrimLower,  // >/
};

enum class OperatorClass { kArithmetic, kComparison, kSet, kTrim };

struct OperatorRow {
  BinaryOperator op;
  std::string_view symbol;
  int precedence;  // higher binds tighter
  bool is_right_associative;
  OperatorClass op_class;
};

const OperatorRow& Describe(BinaryOperator op);
inline std::string_view Symbol(BinaryOperator op) { return Describe(op).symbol; }
inline bool IsComparison(BinaryOperator op) {
  return Describe(op).op_class == OperatorClass::kComparison;
}
inline bool IsSet(BinaryOperator op) { return Describe(op).op_class == OperatorClass::kSet; }

enum class AggregateOperator : uint8_t {
  kSum, kAvg, kCount, kMin, kMax, kGroup, kStddev, kStdvar,
  kTopk, kBottomk, kCountValues, kQuantile, kLimitk, kLimitRatio,
};

struct AggregateRow {
  AggregateOperator op;
  std::string_view name;
  bool takes_param;
  bool is_experimental;
};

const AggregateRow& Describe(AggregateOperator op);

}  // namespace sloburn::parser
