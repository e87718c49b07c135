// SPDX-License-Identifier: Apache-2.0
// Which rules of a group can be evaluated at the same time.
//
// Each rule reads what it would read if they were evaluated one after the other in the order of the
// file, whatever they read of each other: a rule sees what rules before it have written in the same
// tick, and of rules after it what they wrote in the tick before. (Prometheus' concurrent evaluation
// moves rules that read nothing of the group to the front instead, so that a rule above them sees
// their new values.) Series that are new in the tick may stand in another order.
//
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <vector>

#include "rules/rule_group.h"

namespace sloburn::rules {

// The numbers of the rules, each once: the rules of a wave read nothing that another one of it
// writes, but for rules that come after them, and do not write the same metric as a later wave's
// rule that stands before them. A wave is in the order of the file. It is to be evaluated over what
// the waves before it have written.
std::vector<std::vector<size_t>> WavesOf(const std::vector<Rule>& rules);

}  // namespace sloburn::rules
