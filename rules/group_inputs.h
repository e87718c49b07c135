// SPDX-License-Identifier: Apache-2.0
// Which groups read what other groups write: a group must not take series for ended that another one
// could not write.
//
//   std::vector<std::vector<size_t>> inputs = InputsOf(groups);
//   groups[2] may read series of groups[inputs[2][0]], ...
//
// Threads: pure function.
#pragma once

#include <cstddef>
#include <vector>

#include "rules/rule_group.h"

namespace sloburn::rules {

// Per group, the positions of others that write series which a rule of it may select, ascending: by
// metric, and by the labels that a rule gives to all its series. Groups that read from each other,
// also through further ones, do not count: each would wait for the other. Where only ALERTS or
// ALERTS_FOR_STATE closes such a circle, only these do not count.
std::vector<std::vector<size_t>> InputsOf(const std::vector<const GroupDefinition*>& groups);

}  // namespace sloburn::rules
