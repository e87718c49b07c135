// SPDX-License-Identifier: Apache-2.0
// Syntax tree -> plan. REQUIRES: the tree passed engine/analyze.
// Errors: InvalidArgument for a regular expression that does not compile.
#pragma once

#include "absl/status/statusor.h"
#include "engine/plan/plan.h"
#include "engine/plan/plan_options.h"

namespace sloburn::engine {

absl::StatusOr<PlanNodePtr> MakePlan(const parser::Expr& expr, const PlanOptions& options,
                                     RegexCache& regexes);

}  // namespace sloburn::engine
