// SPDX-License-Identifier: Apache-2.0
// What a call of info(v, {selector}) reads besides v: which info series, and at which time.
#pragma once

#include <vector>

#include "engine/plan/plan.h"

namespace sloburn::engine {

// The matchers of the info series: those of the selector, and for the name, unless one says which
// names are meant, target_info; with exclusions alone, all names that end in _info.
Matchers InfoMatchers(const PlanNode& call);

// Info series are looked up at the time that the first selector within v is pinned to by the
// innermost @ around it (the evaluation time without one), minus the offsets up to there.
struct InfoReference {
  parser::AtModifier at;
  std::vector<const parser::Duration*> offsets;
};
InfoReference FindInfoReference(const PlanNode& call);

}  // namespace sloburn::engine
