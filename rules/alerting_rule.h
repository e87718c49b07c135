// SPDX-License-Identifier: Apache-2.0
// An alerting rule: query result and alert states -> next states and the samples of ALERTS and
// ALERTS_FOR_STATE. Immutable; any thread.
//
// Values of labels and annotations are templates (alert_template/alert_template.h): labels() and
// annotations() give their text, alerts hold what became of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/engine.h"
#include "engine/model/labels.h"
#include "engine/model/sample.h"
#include "rules/alert_state.h"
#include "rules/alert_template/alert_template.h"

namespace sloburn::rules {

inline constexpr std::string_view kAlertsMetric = "ALERTS";
inline constexpr std::string_view kAlertsForStateMetric = "ALERTS_FOR_STATE";
inline constexpr std::string_view kAlertNameLabel = "alertname";
inline constexpr std::string_view kAlertStateLabel = "alertstate";

struct AlertOutcome {
  absl::Status status;                // when not OK, Prometheus' text; `samples` is empty then
  AlertStates states;                 // to be kept in both cases
  std::vector<SeriesSample> samples;  // two per pending or firing alert
};

class AlertingRule {
 public:
  // `labels` are those of the group and the rule, merged; an empty value deletes. Templates that
  // were parsed already are given with them: those in `parsed` are used where their text is that
  // of a value.
  AlertingRule(std::string name, std::vector<Label> labels, std::vector<Label> annotations,
               AlertTiming timing, engine::PreparedQuery query,
               const std::vector<AlertTemplate>& parsed = {});

  const std::string& name() const { return name_; }
  const std::vector<Label>& labels() const { return labels_; }
  const std::vector<Label>& annotations() const { return annotations_; }
  const AlertTiming& timing() const { return timing_; }
  const engine::PreparedQuery& query() const { return query_; }
  // Whether templates may read series beside the rule's query.
  bool calls_query() const { return calls_query_; }

  // `eval_time` is the tick, by which states move; `sample_ms` the time of the samples (earlier by
  // the query offset). `limit` <= 0 is none. A query of a template that was cancelled ends the
  // evaluation with its Cancelled; all other errors of templates are part of the texts.
  AlertOutcome Evaluate(QueryValue result, const AlertStates& states, absl::Time eval_time,
                        int64_t sample_ms, int64_t limit,
                        const TemplateEnvironment& environment) const;

  friend bool operator==(const AlertingRule& a, const AlertingRule& b);

 private:
  absl::StatusOr<std::vector<AlertElement>> ToElements(
      QueryValue result, const TemplateEnvironment& environment) const;
  absl::StatusOr<AlertElement> ToElement(const SeriesSample& sample,
                                         const TemplateEnvironment& environment) const;
  // Makes the series of alerts that have none.
  std::vector<SeriesSample> ToSamples(AlertStates& states, int64_t sample_ms) const;
  void MakeSeries(Alert& alert) const;

  std::string name_;
  std::vector<Label> labels_, annotations_;
  std::vector<AlertTemplate> label_templates_, annotation_templates_;  // of each value
  bool has_templates_ = false;  // values that are not their own expansions
  bool calls_query_ = false;
  AlertTiming timing_;
  engine::PreparedQuery query_;
};

}  // namespace sloburn::rules
