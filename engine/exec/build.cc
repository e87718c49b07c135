// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/build.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/exec/aggregate.h"
#include "engine/exec/call.h"
#include "engine/exec/count_values.h"
#include "engine/exec/instant_selector.h"
#include "engine/exec/limit.h"
#include "engine/exec/literal.h"
#include "engine/exec/scalar_binary.h"
#include "engine/exec/set_operation.h"
#include "engine/exec/smoothed_selector.h"
#include "engine/exec/step_invariant.h"
#include "engine/exec/top_k.h"
#include "engine/exec/unary.h"
#include "engine/exec/vector_binary.h"

namespace sloburn::engine {
namespace {

absl::StatusOr<OperatorPtr> MakeBinary(const PlanNode& node, const parser::BinaryExpr& expr,
                                       const TimeRange& range, ExecContext& context) {
  ASSIGN_OR_RETURN(OperatorPtr lhs, BuildOperator(*node.children[0], range, context));
  ASSIGN_OR_RETURN(OperatorPtr rhs, BuildOperator(*node.children[1], range, context));
  const bool is_left_scalar = node.children[0]->type == ValueType::kScalar;
  const bool is_right_scalar = node.children[1]->type == ValueType::kScalar;
  if (is_left_scalar || is_right_scalar) {
    const ScalarSide side = is_left_scalar && is_right_scalar ? ScalarSide::kBoth
                            : is_left_scalar                  ? ScalarSide::kLeft
                                                              : ScalarSide::kRight;
    return MakeScalarBinary(std::move(lhs), std::move(rhs), side, *node.expr, context);
  }
  if (parser::IsSet(expr.op)) {
    return MakeSetOperation(std::move(lhs), std::move(rhs), expr, context);
  }
  return MakeVectorBinary(std::move(lhs), std::move(rhs), *node.expr, context);
}

absl::StatusOr<OperatorPtr> MakeAggregation(const PlanNode& node,
                                            const parser::AggregateExpr& expr,
                                            const TimeRange& range, ExecContext& context) {
  using Op = parser::AggregateOperator;
  ASSIGN_OR_RETURN(OperatorPtr input, BuildOperator(*node.children[0], range, context));
  if (expr.op == Op::kCountValues) {
    const auto& label = std::get<parser::StringLiteral>(node.children[1]->expr->node);
    return MakeCountValues(std::move(input), label.value, expr, range.steps(), context);
  }
  OperatorPtr param;
  if (node.children.size() > 1) {
    ASSIGN_OR_RETURN(param, BuildOperator(*node.children[1], range, context));
  }
  if (expr.op == Op::kTopk || expr.op == Op::kBottomk) {
    return MakeTopK(std::move(input), std::move(param), node, range, context);
  }
  if (expr.op == Op::kLimitk) {
    return MakeLimitK(std::move(input), std::move(param), node, range, context);
  }
  if (expr.op == Op::kLimitRatio) {
    return MakeLimitRatio(std::move(input), std::move(param), node, range, context);
  }
  return MakeAggregate(std::move(input), std::move(param), node, range.steps(), context);
}

absl::StatusOr<OperatorPtr> BuildVarying(const PlanNode& node, const TimeRange& range,
                                         ExecContext& context) {
  const parser::ExprNode& syntax = node.expr->node;
  if (const auto* number = std::get_if<parser::NumberLiteral>(&syntax)) {
    return MakeNumber(number->value, range.steps());
  }
  if (const auto* selector = std::get_if<parser::VectorSelector>(&syntax)) {
    if (selector->is_smoothed) return MakeSmoothedSelector(node, range, context);
    return MakeInstantSelector(node, range, context, SelectorOutput::kValue);
  }
  if (const auto* unary = std::get_if<parser::UnaryExpr>(&syntax)) {
    ASSIGN_OR_RETURN(OperatorPtr input, BuildOperator(*node.children[0], range, context));
    if (!unary->is_negation) return input;
    return MakeNegation(std::move(input), context);
  }
  if (const auto* binary = std::get_if<parser::BinaryExpr>(&syntax)) {
    return MakeBinary(node, *binary, range, context);
  }
  if (const auto* aggregate = std::get_if<parser::AggregateExpr>(&syntax)) {
    return MakeAggregation(node, *aggregate, range, context);
  }
  if (std::holds_alternative<parser::Call>(syntax)) return MakeCall(node, range, context);
  return absl::InternalError("a range vector or string was evaluated by itself");
}

absl::StatusOr<OperatorPtr> BuildUntimed(const PlanNode& node, const TimeRange& range,
                                         ExecContext& context) {
  if (!node.is_step_invariant) return BuildVarying(node, range, context);
  const TimeRange first = {range.start_ms, range.start_ms, range.step_ms};
  const TallyScope once_scope(context.tallies, SampleTally::Kind::kOnce, first);
  ASSIGN_OR_RETURN(OperatorPtr once, BuildVarying(node, first, context));
  return MakeStepInvariant(std::move(once), range.steps());
}

}  // namespace

absl::StatusOr<OperatorPtr> BuildOperator(const PlanNode& node, const TimeRange& range,
                                          ExecContext& context) {
  // A subquery into whose window no step falls: nothing is evaluated, not even to warn.
  if (range.steps() == 0) return MakeNothing();
  if (context.profile == nullptr) return BuildUntimed(node, range, context);
  ASSIGN_OR_RETURN(OperatorPtr built, BuildUntimed(node, range, context));
  return MakeTimed(std::move(built), context.profile->Of(node));
}

}  // namespace sloburn::engine
