// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_group.h"

#include <algorithm>
#include <deque>
#include <map>

#include "base/str_cat.h"
#include "rules/rule_record.h"
#include "rules/rule_waves.h"

namespace sloburn::rules {
namespace {

Rule MakeRule(const RuleSpec& spec, const std::vector<Label>& group_labels) {
  std::vector<Label> labels = MergeRuleLabels(group_labels, spec.labels);
  if (!spec.is_alerting) return RecordingRule(spec.name, std::move(labels), spec.query);
  return AlertingRule(spec.name, std::move(labels), spec.annotations,
                      {spec.hold, spec.keep_firing_for}, spec.query, spec.templates);
}

std::vector<AlertStatus> AlertStatuses(const AlertStates& states) {
  std::vector<AlertStatus> statuses;
  for (const Alert& alert : states.alerts()) {
    if (alert.is_resolved()) continue;
    AlertStatus status;
    status.labels = alert.labels;
    status.annotations = alert.annotations;
    status.state = alert.state;
    status.active_at = alert.active_at;
    status.value = alert.value;
    if (alert.keep_firing_since != absl::InfinitePast()) {
      status.keep_firing_since = alert.keep_firing_since;
    }
    statuses.push_back(std::move(status));
  }
  return statuses;
}

std::vector<engine::PreparedQuery::Selector> SelectorsOf(const GroupDefinition& definition) {
  std::vector<engine::PreparedQuery::Selector> selectors;
  for (const Rule& rule : definition.rules) {
    const auto& own = QueryOf(rule).selectors();
    selectors.insert(selectors.end(), own.begin(), own.end());
  }
  return selectors;
}

}  // namespace

const std::string& NameOf(const Rule& rule) {
  return std::visit([](const auto& one) -> const std::string& { return one.name(); }, rule);
}

const std::vector<Label>& LabelsOf(const Rule& rule) {
  return std::visit([](const auto& one) -> const std::vector<Label>& { return one.labels(); },
                    rule);
}

const engine::PreparedQuery& QueryOf(const Rule& rule) {
  return std::visit([](const auto& one) -> const engine::PreparedQuery& { return one.query(); },
                    rule);
}

std::string GroupDefinition::Key() const { return StrCat(file, ";", name); }

GroupDefinition MakeGroupDefinition(const GroupSpec& spec, absl::Duration default_interval,
                                    absl::Duration default_query_offset) {
  GroupDefinition definition;
  definition.file = spec.file;
  definition.name = spec.name;
  definition.interval = spec.interval > absl::ZeroDuration() ? spec.interval : default_interval;
  definition.query_offset = spec.query_offset.value_or(default_query_offset);
  definition.limit = spec.limit;
  for (const RuleSpec& rule : spec.rules) definition.rules.push_back(MakeRule(rule, spec.labels));
  return definition;
}

RuleGroup::RuleGroup(GroupDefinition definition)
    : definition_(std::move(definition)),
      waves_(WavesOf(definition_.rules)),
      reads_(std::make_shared<const GroupReads>(ReadsOf(SelectorsOf(definition_)))),
      states_(definition_.rules.size()) {
  metrics_.key = definition_.Key();
  metrics_.interval = definition_.interval;
  metrics_.rules = static_cast<int64_t>(definition_.rules.size());
}

RuleStatus RuleGroup::StatusOf(size_t index) const {
  const Rule& rule = definition_.rules[index];
  const RuleState& state = states_[index];
  RuleStatus status;
  status.name = NameOf(rule);
  status.query = QueryOf(rule).text();
  status.labels = LabelsOf(rule);
  status.health = state.health;
  status.last_error = state.last_error;
  status.evaluation_time = state.evaluation_time;
  status.last_evaluation = state.last_evaluation;
  if (const auto* alerting = std::get_if<AlertingRule>(&rule)) {
    status.is_alerting = true;
    status.annotations = alerting->annotations();
    status.hold = alerting->timing().hold;
    status.keep_firing_for = alerting->timing().keep_firing_for;
    status.alerts = AlertStatuses(state.alerts);
    const bool was_evaluated = state.last_evaluation != absl::InfinitePast();
    status.state = was_evaluated ? state.alerts.Highest() : AlertState::kUnknown;
  }
  return status;
}

std::string RuleGroup::WhyBehind() const {
  absl::MutexLock lock(&mutex_);
  return behind_;
}

void RuleGroup::SetInputs(std::vector<std::shared_ptr<const RuleGroup>> inputs) {
  absl::MutexLock lock(&mutex_);
  inputs_ = std::move(inputs);
}

std::string RuleGroup::WhyHeld(absl::Duration lookback) const {
  std::vector<std::shared_ptr<const RuleGroup>> inputs;
  {
    absl::MutexLock lock(&mutex_);
    inputs = inputs_;
  }
  for (const auto& input : inputs) {
    if (input->definition().interval > lookback) continue;
    const std::string why = input->WhyBehind();
    if (why.empty()) continue;
    return StrCat("waiting for group \"", input->definition().name, "\" in ",
                  input->definition().file, ", whose series are read here: ", why);
  }
  return "";
}

void RuleGroup::IsUpToDate() {
  absl::MutexLock lock(&mutex_);
  behind_.clear();
}

GroupStatus RuleGroup::Status() const {
  absl::MutexLock lock(&mutex_);
  GroupStatus status;
  status.name = definition_.name;
  status.file = definition_.file;
  status.interval = definition_.interval;
  status.limit = definition_.limit;
  status.evaluation_time = metrics_.last_duration;
  status.last_evaluation = metrics_.last_evaluation;
  status.iterations = metrics_.iterations;
  status.missed_iterations = metrics_.iterations_missed;
  for (size_t i = 0; i < states_.size(); ++i) status.rules.push_back(StatusOf(i));
  return status;
}

GroupMetrics RuleGroup::Metrics() const {
  absl::MutexLock lock(&mutex_);
  return metrics_;
}

void RuleGroup::Apply(TickChange change) {
  absl::Duration rule_time;
  for (const RuleState& state : change.rules) rule_time += state.evaluation_time;
  absl::MutexLock lock(&mutex_);
  states_ = std::move(change.rules);
  ++ticks_;
  if (!change.is_written) {
    behind_ = change.error;
  } else if (!change.is_repair) {
    behind_.clear();
  }
  if (change.is_written) {
    orphans_.clear();
    evaluated_until_ = change.eval_time;
    writes_all_ = false;
    obsolete_from_ = obsolete_to_ = 0;
  } else {
    has_gap_ = evaluated_until_ != absl::InfinitePast();
  }
  ++metrics_.iterations;
  metrics_.evaluations += change.evaluations;
  metrics_.evaluation_failures += change.failures;
  metrics_.evaluation_duration_sum += rule_time;
  metrics_.iteration_duration_sum += change.duration;
  metrics_.last_duration = change.duration;
  metrics_.last_rule_duration_sum = rule_time;
  metrics_.last_evaluation = change.started_at;
  metrics_.last_samples = change.samples;
}

TickDurations RuleGroup::LastDurations() const {
  absl::MutexLock lock(&mutex_);
  TickDurations durations{metrics_.last_duration, {}};
  for (const RuleState& state : states_) durations.rules.push_back(state.evaluation_time);
  return durations;
}

void RuleGroup::CountMissed(int64_t iterations, bool ran_into_them) {
  absl::MutexLock lock(&mutex_);
  // Rules that fill the interval would only fall further behind.
  const bool has_time = 2 * metrics_.last_rule_duration_sum < definition_.interval;
  if (ran_into_them && has_time && evaluated_until_ != absl::InfinitePast()) has_gap_ = true;
  metrics_.iterations += iterations;
  metrics_.iterations_missed += iterations;
}

std::string RuleGroup::Identity(size_t index) const {
  const Rule& rule = definition_.rules[index];
  return NameOf(rule) + Labels::FromPairs(LabelsOf(rule)).ToString();
}

std::vector<NamedValue> RuleGroup::ChangedValues(absl::Time eval_time,
                                                 const std::vector<const RuleState*>& next) const {
  const std::string key = definition_.Key();
  std::vector<NamedValue> values;
  values.push_back(EncodeGroupRecord(key, eval_time, /*orphans=*/{}));
  for (size_t i = 0; i < next.size(); ++i) {
    if (!writes_all_ && !HasChanged(states_[i], *next[i])) continue;
    values.push_back(EncodeRuleRecord(key, i, Identity(i), *next[i]));
  }
  for (size_t i = obsolete_from_; i < obsolete_to_; ++i) {
    values.push_back({RuleValueName(key, i), ""});
  }
  return values;
}

GroupState RuleGroup::State() const {
  GroupState state;
  for (size_t i = 0; i < states_.size(); ++i) state.rules.push_back({Identity(i), states_[i]});
  state.orphans = orphans_;
  state.evaluated_until = evaluated_until_;
  state.has_gap = has_gap_;
  state.behind = WhyBehind();
  return state;
}

void RuleGroup::AdoptMetrics(const RuleGroup& old) {
  const GroupMetrics metrics = old.Metrics();
  absl::MutexLock lock(&mutex_);
  metrics_.last_duration = metrics.last_duration;
  metrics_.last_evaluation = metrics.last_evaluation;
}

void RuleGroup::Adopt(GroupState state) {
  std::map<std::string, std::deque<RuleState*>> unmatched;
  for (GroupState::Rule& rule : state.rules) unmatched[rule.identity].push_back(&rule.state);
  absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < states_.size(); ++i) {
    std::deque<RuleState*>& candidates = unmatched[Identity(i)];
    if (candidates.empty()) continue;
    RuleState& from = *candidates.front();
    candidates.pop_front();
    states_[i].series = std::move(from.series);
    states_[i].is_restored = from.is_restored;
    // A recording rule that became an alerting one of the same name has no alerts to take.
    if (std::holds_alternative<AlertingRule>(definition_.rules[i])) {
      states_[i].alerts = std::move(from.alerts);
    }
  }
  orphans_ = std::move(state.orphans);
  for (const auto& [identity, states] : unmatched) {
    for (const RuleState* const one : states) {
      orphans_.insert(orphans_.end(), one->series.begin(), one->series.end());
    }
  }
  evaluated_until_ = state.evaluated_until;
  has_gap_ = state.has_gap;
  behind_ = std::move(state.behind);
  writes_all_ = true;
  obsolete_from_ = states_.size();
  obsolete_to_ = std::max(obsolete_from_, state.rules.size());
}

void RuleGroup::RestoreLater() {
  absl::MutexLock lock(&mutex_);
  for (size_t i = 0; i < states_.size(); ++i) {
    states_[i].is_restored = !std::holds_alternative<AlertingRule>(definition_.rules[i]);
  }
}

std::vector<NamedValue> RuleGroup::ValueNames() const {
  return ForgottenValues(definition_.Key(), std::max(states_.size(), obsolete_to_));
}

std::vector<Labels> RuleGroup::LiveSeries() const {
  std::vector<Labels> series = orphans_;
  for (const RuleState& state : states_) {
    series.insert(series.end(), state.series.begin(), state.series.end());
  }
  return series;
}

}  // namespace sloburn::rules
