// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_evaluation.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "rules/alert_environment.h"
#include "rules/alert_messages.h"
#include "rules/output.h"

namespace sloburn::rules {
namespace {

// ALERTS and ALERTS_FOR_STATE have a hole where ticks were missed, since alerting rules are not
// evaluated there: what counts them would record the hole as a fact.
bool ReadsAlerts(const Rule& rule) {
  const auto may_be = [](const Matchers& matchers, std::string_view metric) {
    return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& one) {
      return one.name() != kMetricName || one.Matches(metric);
    });
  };
  const auto& selectors = QueryOf(rule).selectors();
  return std::any_of(selectors.begin(), selectors.end(), [&](const auto& selector) {
    return may_be(selector.matchers, kAlertsMetric) ||
           may_be(selector.matchers, kAlertsForStateMetric);
  });
}

// Series of the last evaluation that this one does not have, or not as they can be stored.
std::vector<Labels> Vanished(const std::vector<Labels>& before,
                             const std::vector<SeriesSample>& now) {
  const auto same = [](const Labels& a, const SeriesSample& b) {
    return a == b.labels && CheckHistogram(b).ok();
  };
  if (std::equal(before.begin(), before.end(), now.begin(), now.end(), same)) return {};
  std::unordered_set<Labels, LabelsHash> present(now.size());
  for (const SeriesSample& sample : now) {
    if (CheckHistogram(sample).ok()) present.insert(sample.labels);
  }
  std::vector<Labels> gone;
  for (const Labels& labels : before) {
    if (present.find(labels) == present.end()) gone.push_back(labels);
  }
  return gone;
}

// Query result -> samples, and for alerting rules the next alerts in `next`.
absl::StatusOr<std::vector<SeriesSample>> ToSamples(const Rule& rule, QueryValue result,
                                                    const TickTimes& times, int64_t limit,
                                                    const TickContext& context,
                                                    const Snapshot& view, RuleState& next) {
  if (const auto* recording = std::get_if<RecordingRule>(&rule)) {
    return recording->ToSamples(std::move(result), times.query_ms, limit);
  }
  const auto& alerting = std::get<AlertingRule>(rule);
  AlertOutcome outcome = alerting.Evaluate(
      std::move(result), next.alerts, times.eval_time, times.query_ms, limit,
      MakeAlertEnvironment(view, times.eval_time, context.query, context.external_labels,
                           context.external_url, context.templates));
  next.alerts = std::move(outcome.states);
  RETURN_IF_ERROR(outcome.status);
  if (!next.is_restored) return std::vector<SeriesSample>();
  return std::move(outcome.samples);
}

absl::StatusOr<std::vector<SeriesSample>> Evaluate(const Rule& rule, const TickTimes& times,
                                                   int64_t limit, const TickContext& context,
                                                   const Snapshot& view, RuleState& next) {
  ASSIGN_OR_RETURN(
      engine::QueryResult result,
      engine::Execute(QueryOf(rule), view, TimeRange::Instant(times.query_ms), context.query));
  return ToSamples(rule, std::move(result.value), times, limit, context, view, next);
}

// What Alertmanager is to be told once the tick is written.
std::vector<AlertMessage> MessagesOf(const GroupDefinition& group, const Rule& rule,
                                     absl::Time eval_time, const TickContext& context,
                                     RuleState& next) {
  if (context.alerts == nullptr || !std::holds_alternative<AlertingRule>(rule)) return {};
  return TakeMessages(next.alerts, {eval_time, group.interval, context.resend_delay},
                      GeneratorUrl(context.external_url, QueryOf(rule).text()));
}

void LogFailure(const GroupDefinition& group, const Rule& rule, const std::string& error) {
  Log(LogLevel::kWarn, "Evaluating rule failed",
      {{"file", group.file}, {"group", group.name}, {"name", NameOf(rule)}, {"err", error}});
}

}  // namespace

std::string WhyWarming(const Rule& rule, int64_t query_ms, const TickContext& context) {
  if (context.coverage == nullptr) return "";
  for (const engine::PreparedQuery::Selector& selector : QueryOf(rule).selectors()) {
    std::string why;
    if (!context.coverage->Covers(selector, query_ms, &why)) return StrCat("warming: ", why);
  }
  return "";
}

void SetError(RuleState& state, std::string error) {
  state.health = RuleHealth::kError;
  state.last_error = std::move(error);
}

absl::StatusOr<RulePart> EvaluateRule(const RuleGroup& group, size_t index, const TickTimes& times,
                                      const TickContext& context, const Snapshot& view) {
  const GroupDefinition& definition = group.definition();
  const Rule& rule = definition.rules[index];
  RulePart part;
  part.next = group.states()[index];
  if (times.is_repair && (std::holds_alternative<AlertingRule>(rule) || ReadsAlerts(rule))) {
    return part;
  }
  const absl::Time started = context.clock->Now();
  part.next.last_evaluation = started;
  if (std::string why = WhyWarming(rule, times.query_ms, context); !why.empty()) {
    part.next.health = RuleHealth::kUnknown;
    part.next.last_error = std::move(why);
    part.next.evaluation_time = absl::ZeroDuration();
    return part;
  }
  part.is_evaluated = true;
  absl::StatusOr<std::vector<SeriesSample>> samples =
      Evaluate(rule, times, definition.limit, context, view, part.next);
  if (absl::IsCancelled(samples.status())) return samples.status();
  if (samples.ok()) {
    part.has_samples = true;
    part.gone = Vanished(part.next.series, *samples);
    part.samples = *std::move(samples);
    part.messages = MessagesOf(definition, rule, times.eval_time, context, part.next);
  } else {
    SetError(part.next, std::string(samples.status().message()));
    LogFailure(definition, rule, part.next.last_error);
  }
  part.next.evaluation_time = context.clock->Now() - started;
  return part;
}

}  // namespace sloburn::rules
