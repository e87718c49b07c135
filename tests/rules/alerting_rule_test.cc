// SPDX-License-Identifier: Apache-2.0
// Templates in the labels and annotations of alerts, over whole ticks.
#include "rules/alerting_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rule_fixture.h"

namespace sloburn::rules {
namespace {

using ::testing::HasSubstr;

class AlertTemplates : public ::testing::Test {
 protected:
  AlertTemplates() {
    fixture_.context.external_url = "http://h:9090/p";
    fixture_.context.external_labels = {{"cluster", "eu"}};
    fixture_.Append("up", {{"instance", "a"}, {"job", "x"}}, 60, 0);
    fixture_.Append("srv", {{"n", "1"}}, 60, 7);
    fixture_.Append("srv", {{"n", "1"}}, 90, 8);
  }

  // The only alert of the only rule.
  AlertStatus AlertOf(const std::string& fields, double second = 90) {
    group_ = fixture_.Group(fields);
    fixture_.Tick(*group_, second);
    const RuleStatus rule = group_->Status().rules.at(0);
    EXPECT_EQ(rule.last_error, "");
    return rule.alerts.at(0);
  }

  RuleFixture fixture_;
  std::unique_ptr<RuleGroup> group_;
};

TEST_F(AlertTemplates, LabelsAndAnnotationsAreExpanded) {
  const AlertStatus alert = AlertOf(
      "rules:\n- alert: Down\n  expr: up == 0\n"
      "  labels: {where: '{{ $labels.job }}/{{ $externalLabels.cluster }}'}\n"
      "  annotations: {text: '{{ $labels.instance }} is {{ $value }} ({{ $labels.where }}) {{ "
      "externalURL }}'}\n");
  EXPECT_EQ(alert.labels.ToString(),
            "{alertname=\"Down\", instance=\"a\", job=\"x\", where=\"x/eu\"}");
  // Rule labels are not seen by templates.
  EXPECT_EQ(alert.annotations.at(0).value, "a is 0 () http://h:9090/p");
  const RuleStatus rule = group_->Status().rules.at(0);
  EXPECT_EQ(rule.labels.at(0).value, "{{ $labels.job }}/{{ $externalLabels.cluster }}");
  EXPECT_THAT(rule.annotations.at(0).value, HasSubstr("{{ $value }}"));
  EXPECT_THAT(fixture_.Samples("ALERTS"), HasSubstr("where=\"x/eu\""));
}

TEST_F(AlertTemplates, AnEmptyExpansionDeletesTheLabelOfTheAlert) {
  const AlertStatus alert =
      AlertOf("rules:\n- {alert: A, expr: up == 0, labels: {job: '{{ $labels.none }}'}}\n");
  EXPECT_EQ(alert.labels.ToString(), "{alertname=\"A\", instance=\"a\"}");
}

TEST_F(AlertTemplates, AFailingExpansionIsTheValue) {
  const AlertStatus alert = AlertOf(
      "rules:\n- {alert: A, expr: up == 0, annotations: {a: '{{ $labels.job.x }}', b: ok}}\n");
  EXPECT_THAT(alert.annotations.at(0).value,
              HasSubstr("<error expanding template: error executing template __alert_A: template: "
                        "__alert_A:1:122: executing"));
  EXPECT_EQ(alert.annotations.at(1).value, "ok");
}

TEST_F(AlertTemplates, QueriesRunAtTheTimeBeforeTheOffset) {
  const AlertStatus alert = AlertOf(
      "query_offset: 30s\nrules:\n- {alert: A, expr: up == 0,"
      " annotations: {a: '{{ query \"srv\" | first | value }} {{ now }}'}}\n");
  EXPECT_EQ(alert.annotations.at(0).value, "8 90");
}

TEST_F(AlertTemplates, QueriesSeeWhatEarlierRulesOfTheTickWrote) {
  group_ = fixture_.Group(
      "rules:\n- {record: r, expr: srv * 2}\n"
      "- {alert: A, expr: up == 0, annotations: {a: '{{ query \"r\" | first | value }}'}}\n");
  fixture_.Tick(*group_, 90);
  EXPECT_EQ(group_->Status().rules.at(1).alerts.at(0).annotations.at(0).value, "16");
}

TEST_F(AlertTemplates, TemplatesOfGroupLabelsFailInTheAlert) {
  const AlertStatus alert =
      AlertOf("labels: {g: '{{ nosuch }}'}\nrules:\n- {alert: A, expr: up == 0}\n");
  EXPECT_EQ(alert.labels.Get("g"),
            "<error expanding template: error parsing template __alert_A: template: __alert_A:1: "
            "function \"nosuch\" not defined>");
}

TEST_F(AlertTemplates, LabelsThatExpandAlikeAreDuplicates) {
  fixture_.Append("up", {{"instance", "b"}, {"job", "x"}}, 60, 0);
  group_ = fixture_.Group(
      "rules:\n- {alert: A, expr: up == 0, labels: {instance: '{{ $labels.job }}'}}\n");
  fixture_.Tick(*group_, 90);
  EXPECT_EQ(group_->Status().rules.at(0).last_error,
            "vector contains metrics with the same labelset after applying alert labels");
}

TEST(AlertTemplatesInFiles, ErrorsHaveNoPlaceInTheMessage) {
  const ParsedRuleFile parsed = ParseRuleFile(
      "f.yml",
      "groups:\n- name: g\n  rules:\n"
      "  - {alert: A, expr: up, labels: {x: '{{ .Foo'}, annotations: {y: '{{ nosuch }}'}}\n"
      "  - {record: r, expr: up, labels: {x: '{{ not looked at'}}\n",
      {});
  ASSERT_EQ(parsed.errors.size(), 2u);
  EXPECT_EQ(
      parsed.errors[0].ToString(),
      "f.yml: group \"g\", rule 1, \"A\": label \"x\": template: __alert_A:1: unclosed action");
  EXPECT_EQ(parsed.errors[1].ToString(),
            "f.yml: group \"g\", rule 1, \"A\": annotation \"y\": template: __alert_A:1: function "
            "\"nosuch\" not defined");
}

}  // namespace
}  // namespace sloburn::rules
