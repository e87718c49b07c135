// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting_rule.h"

#include <algorithm>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/label_builder.h"
#include "rules/recording_rule.h"

namespace sloburn::rules {
namespace {

std::vector<AlertTemplate> TemplatesOf(const std::string& alert, const std::vector<Label>& labels,
                                       const std::vector<AlertTemplate>& parsed) {
  std::vector<AlertTemplate> templates;
  templates.reserve(labels.size());
  for (const Label& label : labels) {
    const auto known = std::find_if(parsed.begin(), parsed.end(), [&](const AlertTemplate& one) {
      return one.text() == label.value;
    });
    templates.push_back(known == parsed.end() ? AlertTemplate(alert, label.value) : *known);
  }
  return templates;
}

}  // namespace

AlertingRule::AlertingRule(std::string name, std::vector<Label> labels,
                           std::vector<Label> annotations, AlertTiming timing,
                           engine::PreparedQuery query, const std::vector<AlertTemplate>& parsed)
    : name_(std::move(name)),
      labels_(std::move(labels)),
      annotations_(std::move(annotations)),
      label_templates_(TemplatesOf(name_, labels_, parsed)),
      annotation_templates_(TemplatesOf(name_, annotations_, parsed)),
      timing_(timing),
      query_(std::move(query)) {
  for (const auto* const templates : {&label_templates_, &annotation_templates_}) {
    for (const AlertTemplate& one : *templates) {
      has_templates_ |= !one.is_plain();
      calls_query_ |= one.calls_query();
    }
  }
}

absl::StatusOr<AlertElement> AlertingRule::ToElement(const SeriesSample& sample,
                                                     const TemplateEnvironment& environment) const {
  const TemplateData data = has_templates_ ? MakeTemplateData(sample, environment) : TemplateData();
  LabelBuilder builder(sample.labels);
  builder.Delete(kMetricName);
  for (size_t i = 0; i < labels_.size(); ++i) {
    ASSIGN_OR_RETURN(const std::string value, label_templates_[i].Expand(data, environment));
    builder.Set(labels_[i].name, value);
  }
  builder.Set(kAlertNameLabel, name_);
  std::vector<Label> annotations;
  annotations.reserve(annotations_.size());
  for (size_t i = 0; i < annotations_.size(); ++i) {
    ASSIGN_OR_RETURN(std::string value, annotation_templates_[i].Expand(data, environment));
    annotations.push_back({annotations_[i].name, std::move(value)});
  }
  // The value of an alert is a number, 0 where the sample is a histogram.
  const double value = sample.histogram == nullptr ? sample.value : 0;
  return AlertElement{builder.Build(), std::move(annotations), value};
}

absl::StatusOr<std::vector<AlertElement>> AlertingRule::ToElements(
    QueryValue result, const TemplateEnvironment& environment) const {
  ASSIGN_OR_RETURN(const InstantVector vector, ToVector(std::move(result)));
  std::vector<AlertElement> elements;
  elements.reserve(vector.size());
  for (const SeriesSample& sample : vector) {
    ASSIGN_OR_RETURN(AlertElement element, ToElement(sample, environment));
    elements.push_back(std::move(element));
  }
  const auto by_labels = [](const AlertElement& a, const AlertElement& b) {
    return a.labels < b.labels;
  };
  // Series that were loaded in the order of their labels, as they mostly are, give them so.
  if (!std::is_sorted(elements.begin(), elements.end(), by_labels)) {
    std::sort(elements.begin(), elements.end(), by_labels);
  }
  const auto same = std::adjacent_find(
      elements.begin(), elements.end(),
      [](const AlertElement& a, const AlertElement& b) { return a.labels == b.labels; });
  if (same == elements.end()) return elements;
  return absl::FailedPreconditionError(
      "vector contains metrics with the same labelset after applying alert labels");
}

void AlertingRule::MakeSeries(Alert& alert) const {
  LabelBuilder builder(Labels::FromPairs(labels_));
  for (const auto& [name, value] : alert.labels) builder.Set(name, value);
  builder.Set(kAlertNameLabel, name_);
  builder.Set(kMetricName, kAlertsForStateMetric);
  alert.series.for_state = builder.Build();
  builder.Set(kMetricName, kAlertsMetric);
  builder.Set(kAlertStateLabel, ToText(AlertState::kPending));
  alert.series.pending = builder.Build();
  builder.Set(kAlertStateLabel, ToText(AlertState::kFiring));
  alert.series.firing = builder.Build();
}

std::vector<SeriesSample> AlertingRule::ToSamples(AlertStates& states, int64_t sample_ms) const {
  std::vector<SeriesSample> samples;
  samples.reserve(2 * states.alerts().size());
  for (size_t i = 0; i < states.alerts().size(); ++i) {
    const Alert& alert = states.alerts()[i];
    if (alert.state == AlertState::kInactive) continue;
    if (alert.series.firing.empty()) MakeSeries(states.at(i));
    const Alert::Series& series = states.alerts()[i].series;
    samples.push_back({alert.state == AlertState::kFiring ? series.firing : series.pending,
                       sample_ms, 1});
    const double active_at = static_cast<double>(absl::ToUnixSeconds(alert.active_at));
    samples.push_back({series.for_state, sample_ms, active_at});
  }
  return samples;
}

AlertOutcome AlertingRule::Evaluate(QueryValue result, const AlertStates& states,
                                    absl::Time eval_time, int64_t sample_ms, int64_t limit,
                                    const TemplateEnvironment& environment) const {
  absl::StatusOr<std::vector<AlertElement>> elements = ToElements(std::move(result), environment);
  if (!elements.ok()) return {elements.status(), states, {}};
  AlertStates next = states.Next(*std::move(elements), eval_time, timing_);
  const int64_t active = next.CountActive();
  if (limit > 0 && active > limit) {
    return {absl::ResourceExhaustedError(
                StrCat("exceeded limit of ", limit, " with ", active, " alerts")),
            AlertStates(),
            {}};
  }
  std::vector<SeriesSample> samples = ToSamples(next, sample_ms);
  return {absl::OkStatus(), std::move(next), std::move(samples)};
}

bool operator==(const AlertingRule& a, const AlertingRule& b) {
  return a.name_ == b.name_ && a.labels_ == b.labels_ && a.annotations_ == b.annotations_ &&
         a.timing_.hold == b.timing_.hold &&
         a.timing_.keep_firing_for == b.timing_.keep_firing_for &&
         a.query_.text() == b.query_.text();
}

}  // namespace sloburn::rules
