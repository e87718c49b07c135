// SPDX-License-Identifier: Apache-2.0
// What has to be pulled from the source for the figures of SLOs to be complete. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "engine/engine.h"
#include "rules/source.h"

namespace sloburn::cli {

struct SloDemand {
  // SelectorText, sorted: what SLOs read, and all that rules read where SLOs read series of rules.
  std::vector<std::string> selectors;
  // The longest query offset of the groups that read one of these too: pulls come so much later.
  absl::Duration delay;
};

// `selectors` are those of the SLOs.
SloDemand MakeSloDemand(const std::vector<engine::PreparedQuery::Selector>& selectors,
                        const std::vector<rules::GroupSeries>& groups);

}  // namespace sloburn::cli
