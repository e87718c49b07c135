// SPDX-License-Identifier: Apache-2.0
// Rules, groups and alerts as /api/v1/rules and /api/v1/alerts write them.
#pragma once

#include <string>
#include <vector>

#include "rules/status.h"

namespace sloburn::web {

void AppendAlertsJson(std::string& out, const std::vector<rules::AlertStatus>& alerts,
                      bool& is_first);

// With exclude_alerts an alerting rule has "alerts":null.
void AppendRuleJson(std::string& out, const rules::RuleStatus& rule, bool exclude_alerts);

// The group with `rules_json`, the comma-separated objects of the rules to show.
void AppendGroupJson(std::string& out, const rules::GroupStatus& group,
                     const std::string& rules_json);

}  // namespace sloburn::web
