// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/call.h"

#include <numbers>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/exec/absent.h"
#include "engine/exec/build.h"
#include "engine/exec/classic_histogram.h"
#include "engine/exec/conversion.h"
#include "engine/exec/instant_selector.h"
#include "engine/exec/literal.h"
#include "engine/exec/point_function.h"
#include "engine/exec/range_function.h"
#include "engine/exec/relabel.h"
#include "engine/exec/step_invariant.h"

namespace sloburn::engine {
namespace {

absl::StatusOr<OperatorPtr> MakePointCall(const PlanNode& node, OperatorPtr input, PointCall call,
                                          const TimeRange& range, ExecContext& context) {
  ASSIGN_OR_RETURN(ScalarArgs args, ScalarArgs::Build(node, range, context));
  return MakePointFunction(std::move(input), call, std::move(args), range, context);
}

absl::StatusOr<OperatorPtr> MakeTimestamp(const PlanNode& node, const TimeRange& range,
                                          ExecContext& context) {
  const PlanNode& argument = *node.children[0];
  if (std::holds_alternative<parser::VectorSelector>(argument.expr->node)) {
    const TimeRange times = argument.is_step_invariant
                                ? TimeRange{range.start_ms, range.start_ms, range.step_ms}
                                : range;
    ASSIGN_OR_RETURN(OperatorPtr selector, MakeInstantSelector(argument, times, context,
                                                               SelectorOutput::kTimestamp));
    if (argument.is_step_invariant) {
      selector = MakeStepInvariant(std::move(selector), range.steps());
    }
    PointCall identity;
    identity.function = [](double value, const double*) { return value; };
    return MakePointCall(node, std::move(selector), identity, range, context);
  }
  ASSIGN_OR_RETURN(OperatorPtr input, BuildOperator(argument, range, context));
  PointCall call;
  call.yields_eval_time = true;
  return MakePointCall(node, std::move(input), call, range, context);
}

absl::StatusOr<OperatorPtr> MakeDatePart(const PlanNode& node, const TimeRange& range,
                                         ExecContext& context) {
  OperatorPtr input;
  if (node.children.empty()) {
    input = MakeTime(range);
  } else {
    ASSIGN_OR_RETURN(input, BuildOperator(*node.children[0], range, context));
  }
  PointCall call;
  call.function = node.function->point;
  return MakePointCall(node, std::move(input), call, range, context);
}

absl::StatusOr<OperatorPtr> MakeHistogramCall(const PlanNode& node, const TimeRange& range,
                                              ExecContext& context, BucketFunction function) {
  ASSIGN_OR_RETURN(OperatorPtr input, BuildOperator(*node.children.back(), range, context));
  ASSIGN_OR_RETURN(ScalarArgs args, ScalarArgs::Build(node, range, context));
  return MakeClassicHistogram(std::move(input), std::move(args), function, range.steps(), context);
}

double QuantileOfBuckets(const double* args, std::vector<Bucket>& buckets) {
  return BucketQuantile(args[0], buckets);
}

double FractionOfBuckets(const double* args, std::vector<Bucket>& buckets) {
  return BucketFraction(args[0], args[1], buckets);
}

// Functions that do not simply take the operator of their first argument.
absl::StatusOr<OperatorPtr> MakeSpecialCall(const PlanNode& node, VectorFunction function,
                                            const TimeRange& range, ExecContext& context) {
  switch (function) {
    case VectorFunction::kTime: return MakeTime(range);
    case VectorFunction::kPi: return MakeNumber(std::numbers::pi, range.steps());
    case VectorFunction::kTimestamp: return MakeTimestamp(node, range, context);
    case VectorFunction::kDatePart: return MakeDatePart(node, range, context);
    case VectorFunction::kAbsentOverTime: return MakeAbsentOverTime(node, range, context);
    case VectorFunction::kHistogramQuantile:
      return MakeHistogramCall(node, range, context, QuantileOfBuckets);
    case VectorFunction::kHistogramFraction:
      return MakeHistogramCall(node, range, context, FractionOfBuckets);
    default: break;
  }
  return absl::UnimplementedError(
      absl::StrCat("function \"", std::string(node.function->name), "\" is not supported in this version"));
}

absl::StatusOr<OperatorPtr> MakeVectorCall(const PlanNode& node, VectorFunction function,
                                           OperatorPtr input, const TimeRange& range,
                                           ExecContext& context) {
  switch (function) {
    case VectorFunction::kAbsent:
      return MakeAbsent(std::move(input), AbsentLabels(*node.children[0]), range.steps());
    case VectorFunction::kScalar: return MakeScalar(std::move(input), range.steps());
    case VectorFunction::kVector: return input;  // a scalar already is a series without labels
    case VectorFunction::kSort:
    case VectorFunction::kSortDesc:
      if (!range.is_instant()) return input;
      return MakeSort(std::move(input), function == VectorFunction::kSortDesc);
    case VectorFunction::kLabelReplace: return MakeLabelReplace(node, std::move(input), context);
    case VectorFunction::kLabelJoin: return MakeLabelJoin(node, std::move(input), context);
    default: break;
  }
  PointCall clamp;
  clamp.function = node.function->point;
  clamp.is_clamp = true;
  return MakePointCall(node, std::move(input), clamp, range, context);
}

bool TakesFirstArgument(VectorFunction function) {
  switch (function) {
    case VectorFunction::kAbsent:
    case VectorFunction::kScalar:
    case VectorFunction::kVector:
    case VectorFunction::kSort:
    case VectorFunction::kSortDesc:
    case VectorFunction::kLabelReplace:
    case VectorFunction::kLabelJoin:
    case VectorFunction::kClamp: return true;
    default: return false;
  }
}

}  // namespace

absl::StatusOr<OperatorPtr> MakeCall(const PlanNode& node, const TimeRange& range,
                                     ExecContext& context) {
  const FunctionRow& row = *node.function;
  if (std::holds_alternative<WindowFunction>(row.implementation)) {
    return MakeRangeFunction(node, range, context);
  }
  const auto* const function = std::get_if<VectorFunction>(&row.implementation);
  if (function != nullptr && !TakesFirstArgument(*function)) {
    return MakeSpecialCall(node, *function, range, context);
  }
  ASSIGN_OR_RETURN(OperatorPtr input, BuildOperator(*node.children[0], range, context));
  if (function != nullptr) {
    return MakeVectorCall(node, *function, std::move(input), range, context);
  }
  PointCall call;
  call.function = std::get<PointFunction>(row.implementation);
  call.default_arg = 1;  // round() rounds to 1
  return MakePointCall(node, std::move(input), call, range, context);
}

}  // namespace sloburn::engine
