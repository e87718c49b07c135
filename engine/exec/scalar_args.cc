// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/scalar_args.h"

#include "base/status_macros.h"
#include "engine/exec/build.h"

namespace sloburn::engine {

absl::StatusOr<ScalarArgs> ScalarArgs::Build(const PlanNode& call, const TimeRange& range,
                                             ExecContext& context) {
  ScalarArgs args;
  args.steps_ = range.steps();
  for (const PlanNodePtr& child : call.children) {
    if (child->type != ValueType::kScalar) continue;
    ASSIGN_OR_RETURN(OperatorPtr input, BuildOperator(*child, range, context));
    args.inputs_.push_back(std::move(input));
  }
  return args;
}

absl::Status ScalarArgs::Open(double default_value) {
  width_ = std::max<size_t>(1, inputs_.size());
  values_.assign(steps_ * width_, default_value);
  Column column;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    RETURN_IF_ERROR(inputs_[i]->Open());
    RETURN_IF_ERROR(inputs_[i]->Next(column));
    for (size_t step = 0; step < steps_; ++step) values_[step * width_ + i] = column.values[step];
  }
  inputs_.clear();
  return absl::OkStatus();
}

}  // namespace sloburn::engine
