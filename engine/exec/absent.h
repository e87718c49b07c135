// SPDX-License-Identifier: Apache-2.0
// absent(): one series, 1 where its argument has no sample.
#pragma once

#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// The labels of absent() and absent_over_time(): from the equality matchers of a selector argument.
Labels AbsentLabels(const PlanNode& argument);

OperatorPtr MakeAbsent(OperatorPtr input, Labels labels, size_t steps);

}  // namespace sloburn::engine
