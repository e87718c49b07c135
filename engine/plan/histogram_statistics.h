// SPDX-License-Identifier: Apache-2.0
// Which selectors are read for the counts and sums of their native histograms alone.
#pragma once

#include <vector>

#include "engine/plan/plan.h"

namespace sloburn::engine {

// Sets reads_statistics of the selectors below. REQUIRES: parents come before their children.
void MarkHistogramStatistics(const std::vector<PlanNode*>& parents_first);

}  // namespace sloburn::engine
