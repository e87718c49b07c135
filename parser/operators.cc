// SPDX-License-Identifier: Apache-2.0
#include "parser/operators.h"

#include <array>

namespace sloburn::parser {
namespace {

using Op = BinaryOperator;
using Class = OperatorClass;

// In the order of BinaryOperator.
constexpr std::array<OperatorRow, 18> kOperators = {{
    {Op::kAdd, "+", 4, false, Class::kArithmetic},
    {Op::kSubtract, "-", 4, false, Class::kArithmetic},
    {Op::kMultiply, "*", 5, false, Class::kArithmetic},
    {Op::kDivide, "/", 5, false, Class::kArithmetic},
    {Op::kModulo, "%", 5, false, Class::kArithmetic},
    {Op::kPower, "^", 6, true, Class::kArithmetic},
    {Op::kAtan2, "atan2", 5, false, Class::kArithmetic},
    {Op::kEqual, "==", 3, false, Class::kComparison},
    {Op::kNotEqual, "!=", 3, false, Class::kComparison},
    {Op::kLess, "<", 3, false, Class::kComparison},
    {Op::kLessOrEqual, "<=", 3, false, Class::kComparison},
    {Op::kGreater, ">", 3, false, Class::kComparison},
    {Op::kGreaterOrEqual, ">=", 3, false, Class::kComparison},
    {Op::kAnd, "and", 2, false, Class::kSet},
    {Op::kOr, "or", 1, false, Class::kSet},
    {Op::kUnless, "unless", 2, false, Class::kSet},
    {Op::kTrimUpper, "</", 3, false, Class::kTrim},
    {Op::kTrimLower, ">/", 3, false, Class::kTrim},
}};

using Agg = AggregateOperator;

// In the order of AggregateOperator.
constexpr std::array<AggregateRow, 14> kAggregates = {{
    {Agg::kSum, "sum", false, false},
    {Agg::kAvg, "avg", false, false},
    {Agg::kCount, "count", false, false},
    {Agg::kMin, "min", false, false},
    {Agg::kMax, "max", false, false},
    {Agg::kGroup, "group", false, false},
    {Agg::kStddev, "stddev", false, false},
    {Agg::kStdvar, "stdvar", false, false},
    {Agg::kTopk, "topk", true, false},
    {Agg::kBottomk, "bottomk", true, false},
    {Agg::kCountValues, "count_values", true, false},
    {Agg::kQuantile, "quantile", true, false},
    {Agg::kLimitk, "limitk", true, true},
    {Agg::kLimitRatio, "limit_ratio", true, true},
}};

}  // namespace

const OperatorRow& Describe(BinaryOperator op) { return kOperators[static_cast<size_t>(op)]; }

const AggregateRow& Describe(AggregateOperator op) { return kAggregates[static_cast<size_t>(op)]; }

}  // namespace sloburn::parser
