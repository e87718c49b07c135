// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_restore.h"

#include <cmath>
#include <unordered_map>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "engine/model/label_builder.h"
#include "engine/model/stale.h"

namespace sloburn::rules {
namespace {

Matchers ForStateMatchers(const AlertingRule& rule) {
  Matchers matchers;
  const auto add = [&](std::string_view name, std::string_view value) {
    matchers.push_back(Matcher::Plain(parser::MatchType::kEqual, name, value));
  };
  add(kMetricName, kAlertsForStateMetric);
  add(kAlertNameLabel, rule.name());
  for (const Label& label : rule.labels()) {
    // What a template makes of it is not known before the alert is.
    if (absl::StrContains(label.value, "{{") || label.name == kAlertNameLabel) continue;
    add(label.name, label.value);
  }
  return matchers;
}

Labels WithoutName(const Labels& labels) {
  LabelBuilder builder(labels);
  builder.Delete(kMetricName);
  return builder.Build();
}

// The newest sample of each series, by its labels without the name.
using NewestSamples = std::unordered_map<Labels, Sample, LabelsHash>;

absl::StatusOr<NewestSamples> FromStore(const Storage& storage, const Matchers& matchers,
                                        int64_t from_ms, int64_t to_ms) {
  NewestSamples newest;
  const std::shared_ptr<const Snapshot> snapshot = storage.TakeSnapshot();
  ASSIGN_OR_RETURN(const SeriesSet series, snapshot->Select(matchers, from_ms, to_ms));
  SampleBuffer buffer;
  for (const auto& one : series) {
    ASSIGN_OR_RETURN(const SampleView view, one->Read(from_ms, to_ms, buffer));
    if (view.size == 0) continue;
    newest[WithoutName(one->labels())] = {view.timestamps[view.size - 1],
                                          view.values[view.size - 1]};
  }
  return newest;
}

absl::StatusOr<NewestSamples> FromHistory(AlertHistory& history, const Matchers& matchers,
                                          int64_t from_ms, int64_t to_ms) {
  NewestSamples newest;
  ASSIGN_OR_RETURN(const std::vector<SeriesSamples> series,
                   history.Read(matchers, from_ms, to_ms));
  for (const SeriesSamples& one : series) {
    if (!one.samples.empty()) newest[WithoutName(one.labels)] = one.samples.back();
  }
  return newest;
}

absl::Time RestoredActiveAt(const Sample& last, absl::Duration hold, absl::Time now,
                            absl::Duration grace) {
  const absl::Time down_at = absl::FromUnixSeconds(last.timestamp_ms / 1000);
  const absl::Time active_at = absl::FromUnixSeconds(static_cast<int64_t>(last.value));
  const absl::Duration remaining = hold - (down_at - active_at);
  if (remaining <= absl::ZeroDuration()) return active_at;  // it was firing
  if (remaining < grace) return now + grace - hold;
  return active_at + (now - down_at);
}

}  // namespace

absl::Status RestoreActiveAt(const AlertingRule& rule, const Storage& storage,
                             absl::Time eval_time, const RestoreOptions& options,
                             AlertStates& states) {
  const absl::Duration hold = rule.timing().hold;
  if (hold < options.for_grace_period || states.CountActive() == 0) return absl::OkStatus();
  const int64_t to_ms = absl::ToUnixMillis(eval_time);
  const int64_t from_ms = absl::ToUnixMillis(eval_time - options.outage_tolerance) + 1;
  const Matchers matchers = ForStateMatchers(rule);
  ASSIGN_OR_RETURN(NewestSamples newest, FromStore(storage, matchers, from_ms, to_ms));
  if (newest.empty() && options.history != nullptr) {
    ASSIGN_OR_RETURN(newest, FromHistory(*options.history, matchers, from_ms, to_ms));
  }
  for (size_t i = 0; i < states.alerts().size(); ++i) {
    Alert& alert = states.at(i);
    const auto found = newest.find(alert.labels);
    if (alert.state == AlertState::kInactive || found == newest.end()) continue;
    const double value = found->second.value;
    if (IsStale(value) || !(std::abs(value) < 1e15)) continue;
    alert.active_at =
        RestoredActiveAt(found->second, hold, eval_time, options.for_grace_period);
  }
  return absl::OkStatus();
}

}  // namespace sloburn::rules
