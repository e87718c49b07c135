// SPDX-License-Identifier: Apache-2.0
// The scalar arguments of a call, evaluated at every step and laid out step by step.
#pragma once

#include <vector>

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

class ScalarArgs {
 public:
  // The scalar children of a Call, in order; other children are passed over.
  static absl::StatusOr<ScalarArgs> Build(const PlanNode& call, const TimeRange& range,
                                          ExecContext& context);

  // Evaluates them. `default_value` stands in where none was written.
  absl::Status Open(double default_value = 0);

  size_t width() const { return width_; }
  const double* At(size_t step) const { return values_.data() + step * width_; }

 private:
  std::vector<OperatorPtr> inputs_;
  size_t steps_ = 0;
  size_t width_ = 0;
  std::vector<double> values_;
};

}  // namespace sloburn::engine
