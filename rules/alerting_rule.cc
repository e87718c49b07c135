// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting_rule.h"

#include <unordered_set>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/label_builder.h"
#include "rules/recording_rule.h"

namespace sloburn::rules {

absl::StatusOr<std::vector<AlertElement>> AlertingRule::ToElements(QueryValue result) const {
  ASSIGN_OR_RETURN(const InstantVector vector, ToVector(std::move(result)));
  std::vector<AlertElement> elements;
  elements.reserve(vector.size());
  std::unordered_set<Labels, LabelsHash> seen(vector.size());
  for (const SeriesSample& sample : vector) {
    LabelBuilder builder(sample.labels);
    builder.Delete(kMetricName);
    for (const Label& label : labels_) builder.Set(label.name, label.value);
    builder.Set(kAlertNameLabel, name_);
    AlertElement element{builder.Build(), annotations_, sample.value};
    if (!seen.insert(element.labels).second) {
      return absl::FailedPreconditionError(
          "vector contains metrics with the same labelset after applying alert labels");
    }
    elements.push_back(std::move(element));
  }
  return elements;
}

std::vector<SeriesSample> AlertingRule::ToSamples(const AlertStates& states,
                                                  int64_t sample_ms) const {
  std::vector<SeriesSample> samples;
  for (const Alert& alert : states.alerts()) {
    if (alert.state == AlertState::kInactive) continue;
    LabelBuilder builder(Labels::FromPairs(labels_));
    for (const auto& [name, value] : alert.labels) builder.Set(name, value);
    builder.Set(kAlertNameLabel, name_);
    builder.Set(kMetricName, kAlertsForStateMetric);
    const Labels for_state = builder.Build();
    builder.Set(kMetricName, kAlertsMetric);
    builder.Set(kAlertStateLabel, ToText(alert.state));
    samples.push_back({builder.Build(), sample_ms, 1});
    const double active_at = static_cast<double>(absl::ToUnixSeconds(alert.active_at));
    samples.push_back({for_state, sample_ms, active_at});
  }
  return samples;
}

AlertOutcome AlertingRule::Evaluate(QueryValue result, const AlertStates& states,
                                    absl::Time eval_time, int64_t sample_ms, int64_t limit) const {
  absl::StatusOr<std::vector<AlertElement>> elements = ToElements(std::move(result));
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
