// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include "web/api/api_handler.h"
#include "web/api/rule_json.h"

namespace sloburn::web {

void AddAlerts(Router& router, const Dependencies& deps) {
  router.Add(
      {"GET"}, "/api/v1/alerts", Lane::kControl,
      ApiHandler([&deps](const Request&, const Form&, std::string& out) -> absl::StatusOr<Notes> {
        out += R"({"alerts":[)";
        bool is_first = true;
        if (deps.rules != nullptr) {
          for (const rules::GroupStatus& group : deps.rules->Groups()) {
            for (const rules::RuleStatus& rule : group.rules) {
              AppendAlertsJson(out, rule.alerts, is_first);
            }
          }
        }
        out += "]}";
        return Notes();
      }));
}

}  // namespace sloburn::web
