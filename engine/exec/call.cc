// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/call.h"

#include <numbers>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/exec/absent.h"
#include "engine/exec/annotation_texts.h"
#include "engine/exec/build.h"
#include "engine/exec/conversion.h"
#include "engine/exec/histogram_call.h"
#include "engine/exec/info_join.h"
#include "engine/exec/instant_selector.h"
#include "engine/exec/literal.h"
#include "engine/exec/point_function.h"
#include "engine/exec/range_function.h"
#include "engine/exec/relabel.h"
#include "engine/exec/sort.h"
#include "engine/exec/step_invariant.h"

namespace sloburn::engine {
namespace {

absl::StatusOr<OperatorPtr> MakePointCall(const PlanNode& node, OperatorPtr input, PointCall call,
                                          const TimeRange& range, ExecContext& context) {
  ASSIGN_OR_RETURN(ScalarArgs args, ScalarArgs::Build(node, range, context));
  return MakePointFunction(std::move(input), call, std::move(args), range, context);
}

// The sample times of a selector: timestamp(x), start_timestamp(x).
absl::StatusOr<OperatorPtr> MakeSampleTimes(const PlanNode& node, SelectorOutput output,
                                            const TimeRange& range, ExecContext& context) {
  const PlanNode& selector = *node.children[0];
  const TimeRange times = selector.is_step_invariant
                              ? TimeRange{range.start_ms, range.start_ms, range.step_ms}
                              : range;
  ASSIGN_OR_RETURN(OperatorPtr made, MakeInstantSelector(selector, times, context, output));
  if (selector.is_step_invariant) made = MakeStepInvariant(std::move(made), range.steps());
  PointCall identity;
  identity.function = [](double value, const double*) { return value; };
  return MakePointCall(node, std::move(made), identity, range, context);
}

bool IsSelector(const PlanNode& node) {
  return std::holds_alternative<parser::VectorSelector>(node.expr->node);
}

absl::StatusOr<OperatorPtr> MakeTimestamp(const PlanNode& node, const TimeRange& range,
                                          ExecContext& context) {
  if (IsSelector(*node.children[0])) {
    return MakeSampleTimes(node, SelectorOutput::kTimestamp, range, context);
  }
  ASSIGN_OR_RETURN(OperatorPtr input, BuildOperator(*node.children[0], range, context));
  PointCall call;
  call.yields_eval_time = true;
  return MakePointCall(node, std::move(input), call, range, context);
}

// Only samples that come straight from a selector have start timestamps.
absl::StatusOr<OperatorPtr> MakeStartTimestamp(const PlanNode& node, const TimeRange& range,
                                               ExecContext& context) {
  if (!IsSelector(*node.children[0]) || !context.options.use_start_timestamps) {
    return MakeNothing();
  }
  return MakeSampleTimes(node, SelectorOutput::kStartTimestamp, range, context);
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

double QuerySeconds(VectorFunction function, const TimeRange& query) {
  const auto seconds = [](int64_t ms) { return static_cast<double>(ms) / 1000; };
  switch (function) {
    case VectorFunction::kQueryStart: return seconds(query.start_ms);
    case VectorFunction::kQueryEnd: return seconds(query.end_ms);
    case VectorFunction::kQueryRange: return seconds(query.end_ms - query.start_ms);
    default: return query.is_instant() ? 0 : seconds(query.step_ms);
  }
}

absl::StatusOr<OperatorPtr> MakeScalarFunction(const PlanNode& node, const TimeRange& range,
                                               ExecContext& context) {
  PointCall call;
  call.function = node.function->point;
  return MakePointCall(node, MakeNumber(0, range.steps()), call, range, context);
}

// The string arguments after the first argument.
std::vector<std::string> StringArgs(const PlanNode& node) {
  std::vector<std::string> args;
  for (size_t i = 1; i < node.children.size(); ++i) {
    args.push_back(std::get<parser::StringLiteral>(node.children[i]->expr->node).value);
  }
  return args;
}

OperatorPtr MakeSortCall(const PlanNode& node, VectorFunction function, OperatorPtr input,
                         const TimeRange& range, ExecContext& context) {
  if (!range.is_instant()) {
    context.annotations.Warn(node.expr->range, notes::kSortInRangeQuery);
    const bool is_by_value =
        function == VectorFunction::kSort || function == VectorFunction::kSortDesc;
    return is_by_value ? MakeFloatsOnly(std::move(input)) : std::move(input);
  }
  switch (function) {
    case VectorFunction::kSort: return MakeSort(std::move(input), false);
    case VectorFunction::kSortDesc: return MakeSort(std::move(input), true);
    default: break;
  }
  return MakeSortByLabel(std::move(input), StringArgs(node),
                         function == VectorFunction::kSortByLabelDesc);
}

// Functions that do not simply take the operator of their first argument.
absl::StatusOr<OperatorPtr> MakeSpecialCall(const PlanNode& node, VectorFunction function,
                                            const TimeRange& range, ExecContext& context) {
  switch (function) {
    case VectorFunction::kTime: return MakeTime(range);
    case VectorFunction::kPi: return MakeNumber(std::numbers::pi, range.steps());
    case VectorFunction::kQueryStart:
    case VectorFunction::kQueryEnd:
    case VectorFunction::kQueryRange:
    case VectorFunction::kQueryStep:
      return MakeNumber(QuerySeconds(function, context.query_range), range.steps());
    case VectorFunction::kScalarFunction: return MakeScalarFunction(node, range, context);
    case VectorFunction::kInfo: return MakeInfoJoin(node, range, context);
    case VectorFunction::kTimestamp: return MakeTimestamp(node, range, context);
    case VectorFunction::kStartTimestamp: return MakeStartTimestamp(node, range, context);
    case VectorFunction::kDatePart: return MakeDatePart(node, range, context);
    case VectorFunction::kAbsentOverTime: return MakeAbsentOverTime(node, range, context);
    case VectorFunction::kHistogramQuantile:
    case VectorFunction::kHistogramQuantiles:
    case VectorFunction::kHistogramFraction: return MakeHistogramCall(node, range, context);
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
    case VectorFunction::kNativeHistogram:
      return MakeNativeHistogramFunction(std::move(input), node.function->of_histogram, context);
    case VectorFunction::kScalar: return MakeScalar(std::move(input), range.steps());
    case VectorFunction::kVector: return input;  // a scalar already is a series without labels
    case VectorFunction::kSort:
    case VectorFunction::kSortDesc:
    case VectorFunction::kSortByLabel:
    case VectorFunction::kSortByLabelDesc:
      return MakeSortCall(node, function, std::move(input), range, context);
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
    case VectorFunction::kNativeHistogram:
    case VectorFunction::kScalar:
    case VectorFunction::kVector:
    case VectorFunction::kSort:
    case VectorFunction::kSortDesc:
    case VectorFunction::kSortByLabel:
    case VectorFunction::kSortByLabelDesc:
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
