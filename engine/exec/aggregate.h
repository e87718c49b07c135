// SPDX-License-Identifier: Apache-2.0
// Aggregations that reduce each group to one series: sum avg count min max group stddev stdvar
// quantile. Input series are read once, one at a time; of each group only the steps between its
// first and its last sample are kept, but for quantile, which needs all values.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "parser/ast.h"

namespace sloburn::engine {

// `param` is null but for quantile.
OperatorPtr MakeAggregate(OperatorPtr input, OperatorPtr param, const PlanNode& node,
                          size_t steps, ExecContext& context);

}  // namespace sloburn::engine
