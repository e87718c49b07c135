// SPDX-License-Identifier: Apache-2.0
// What a query reads, and how far back: one entry per selector of a plan.
#pragma once

#include <vector>

#include "engine/engine.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

std::vector<PreparedQuery::Selector> ReadWindows(const PlanNode& plan, const QueryOptions& options);

}  // namespace sloburn::engine
