// SPDX-License-Identifier: Apache-2.0
#include "web/api/rule_json.h"

#include <string_view>

#include "base/float_text.h"
#include "base/json_writer.h"
#include "web/api/json_values.h"

namespace sloburn::web {
namespace {

void AppendTextField(std::string& out, std::string_view key, std::string_view value) {
  out.append("\"").append(key).append("\":");
  AppendJsonString(out, value, /*html_escape=*/true);
}

void AppendSecondsField(std::string& out, std::string_view key, absl::Duration value) {
  out.append("\"").append(key).append("\":");
  AppendNumberJson(out, absl::ToDoubleSeconds(value));
}

void AppendOutcome(std::string& out, const rules::RuleStatus& rule) {
  AppendTextField(out, "health", rules::ToText(rule.health));
  if (!rule.last_error.empty()) {
    out += ',';
    AppendTextField(out, "lastError", rule.last_error);
  }
  out += ',';
  AppendSecondsField(out, "evaluationTime", rule.evaluation_time);
  out += R"(,"lastEvaluation":)";
  AppendTimeJson(out, rule.last_evaluation);
  out += rule.is_alerting ? R"(,"type":"alerting"})" : R"(,"type":"recording"})";
}

void AppendAlertJson(std::string& out, const rules::AlertStatus& alert) {
  out += R"({"labels":)";
  AppendLabelsJson(out, alert.labels);
  out += R"(,"annotations":)";
  AppendLabelsJson(out, alert.annotations);
  out += ',';
  AppendTextField(out, "state", rules::ToText(alert.state));
  out += R"(,"activeAt":)";
  AppendTimeJson(out, alert.active_at);
  if (alert.keep_firing_since) {
    out += R"(,"keepFiringSince":)";
    AppendTimeJson(out, *alert.keep_firing_since);
  }
  out += ',';
  AppendTextField(out, "value", FormatFloatE(alert.value));
  out += '}';
}

}  // namespace

void AppendAlertsJson(std::string& out, const std::vector<rules::AlertStatus>& alerts,
                      bool& is_first) {
  for (const rules::AlertStatus& alert : alerts) {
    if (!is_first) out += ',';
    is_first = false;
    AppendAlertJson(out, alert);
  }
}

void AppendRuleJson(std::string& out, const rules::RuleStatus& rule, bool exclude_alerts) {
  out += '{';
  if (rule.is_alerting) {
    AppendTextField(out, "state", rules::ToText(rule.state));
    out += ',';
  }
  AppendTextField(out, "name", rule.name);
  out += ',';
  AppendTextField(out, "query", rule.query);
  if (rule.is_alerting) {
    out += ',';
    AppendSecondsField(out, "duration", rule.hold);
    out += ',';
    AppendSecondsField(out, "keepFiringFor", rule.keep_firing_for);
  }
  out += R"(,"labels":)";
  AppendLabelsJson(out, rule.labels);
  if (rule.is_alerting) {
    out += R"(,"annotations":)";
    AppendLabelsJson(out, rule.annotations);
    out += R"(,"alerts":)";
    if (exclude_alerts) {
      out += "null";
    } else {
      bool is_first = true;
      out += '[';
      AppendAlertsJson(out, rule.alerts, is_first);
      out += ']';
    }
  }
  out += ',';
  AppendOutcome(out, rule);
}

void AppendGroupJson(std::string& out, const rules::GroupStatus& group,
                     const std::string& rules_json) {
  out += '{';
  AppendTextField(out, "name", group.name);
  out += ',';
  AppendTextField(out, "file", group.file);
  out.append(R"(,"rules":[)").append(rules_json).append("],");
  AppendSecondsField(out, "interval", group.interval);
  out.append(R"(,"limit":)").append(std::to_string(group.limit)).append(",");
  AppendSecondsField(out, "evaluationTime", group.evaluation_time);
  out += R"(,"lastEvaluation":)";
  AppendTimeJson(out, group.last_evaluation);
  out += '}';
}

}  // namespace sloburn::web
