// SPDX-License-Identifier: Apache-2.0
// Functions of histograms: histogram_quantile, histogram_quantiles and histogram_fraction over
// classic ones (series with the label `le`, grouped by all their other labels) and native ones;
// histogram_count and the like over native ones.
#pragma once

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// REQUIRES: node is a Call of one of the three functions.
absl::StatusOr<OperatorPtr> MakeHistogramCall(const PlanNode& node, const TimeRange& range,
                                              ExecContext& context);

// `function` of each native histogram; float samples are left out.
OperatorPtr MakeNativeHistogramFunction(OperatorPtr input, HistogramFunction function,
                                        ExecContext& context);

}  // namespace sloburn::engine
