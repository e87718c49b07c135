// SPDX-License-Identifier: Apache-2.0
// A group's state as values that are written with its ticks and read back at the start:
// docs/formats/rule_state.md.
//
//   group  version:byte kind:byte key evaluated_ns:signed orphans
//   rule   version:byte kind:byte key index:varint identity is_restored:byte series alerts
//
// A rule's value is written again only when something else than the values and annotations of its
// firing alerts has changed, and the group's at each tick. Threads: pure functions.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/storage/storage.h"
#include "rules/rule_group.h"

namespace sloburn::rules {

std::string GroupValueName(std::string_view key);
std::string RuleValueName(std::string_view key, size_t index);

// All values of a group with so many rules, empty: to be forgotten.
std::vector<NamedValue> ForgottenValues(std::string_view key, size_t rules);

NamedValue EncodeGroupRecord(std::string_view key, absl::Time evaluated_until,
                             const std::vector<Labels>& orphans);
NamedValue EncodeRuleRecord(std::string_view key, size_t index, std::string_view identity,
                            const RuleState& state);

// Whether the rule's value has to be written again.
bool HasChanged(const RuleState& before, const RuleState& after);

// By group key. Values that are not of a group are left alone; those that cannot be read are told in
// `problems` and left out, and so are rules whose group is missing.
std::map<std::string, GroupState> DecodeRecords(const std::vector<NamedValue>& values,
                                                 std::vector<std::string>& problems);

}  // namespace sloburn::rules
