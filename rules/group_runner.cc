// SPDX-License-Identifier: Apache-2.0
#include "rules/group_runner.h"

#include <algorithm>
#include <unordered_set>

#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"

namespace sloburn::rules {
namespace {

struct TickTimes {
  absl::Time eval_time;
  int64_t query_ms;  // earlier by the query offset; also the time of all samples
};

// One rule's part of a tick, until the commit tells what became of its samples.
struct RulePart {
  RuleState next;
  bool is_evaluated = false;  // false: warming
  bool has_samples = false;   // evaluated without an error
  size_t batch = 0;           // in the output, where has_samples
};

bool IsCancelled(const TickContext& context) {
  return context.query.cancelled != nullptr && context.query.cancelled->load();
}

void Fail(RuleState& state, std::string error) {
  state.health = RuleHealth::kError;
  state.last_error = std::move(error);
}

// "" when the source holds all that the rule reads.
std::string WhyWarming(const Rule& rule, int64_t query_ms, const TickContext& context) {
  if (context.coverage == nullptr) return "";
  for (const engine::PreparedQuery::Selector& selector : QueryOf(rule).selectors()) {
    std::string why;
    if (!context.coverage->Covers(selector, query_ms, &why)) return StrCat("warming: ", why);
  }
  return "";
}

// How far beyond its own time the group reads, by negative offsets.
int64_t ReachForward(const GroupDefinition& group) {
  int64_t reach_ms = 0;
  for (const Rule& rule : group.rules) {
    for (const engine::PreparedQuery::Selector& selector : QueryOf(rule).selectors()) {
      reach_ms = std::max(reach_ms, -selector.newest_ms);
    }
  }
  return reach_ms;
}

// Series of the last evaluation that this one does not have.
std::vector<Labels> Vanished(const std::vector<Labels>& before,
                             const std::vector<SeriesSample>& now) {
  const auto same = [](const Labels& a, const SeriesSample& b) { return a == b.labels; };
  if (std::equal(before.begin(), before.end(), now.begin(), now.end(), same)) return {};
  std::unordered_set<Labels, LabelsHash> present(now.size());
  for (const SeriesSample& sample : now) present.insert(sample.labels);
  std::vector<Labels> gone;
  for (const Labels& labels : before) {
    if (present.find(labels) == present.end()) gone.push_back(labels);
  }
  return gone;
}

std::vector<SeriesSample> EndMarkers(const std::vector<Labels>& series, int64_t time_ms) {
  std::vector<SeriesSample> markers;
  markers.reserve(series.size());
  for (const Labels& labels : series) markers.push_back({labels, time_ms, StaleMarker()});
  return markers;
}

// Query result -> samples, and for alerting rules the next alerts in `next`.
absl::StatusOr<std::vector<SeriesSample>> ToSamples(const Rule& rule, QueryValue result,
                                                    const TickTimes& times, int64_t limit,
                                                    RuleState& next) {
  if (const auto* recording = std::get_if<RecordingRule>(&rule)) {
    return recording->ToSamples(std::move(result), times.query_ms, limit);
  }
  const auto& alerting = std::get<AlertingRule>(rule);
  AlertOutcome outcome =
      alerting.Evaluate(std::move(result), next.alerts, times.eval_time, times.query_ms, limit);
  next.alerts = std::move(outcome.states);
  RETURN_IF_ERROR(outcome.status);
  return std::move(outcome.samples);
}

absl::StatusOr<std::vector<SeriesSample>> Evaluate(const Rule& rule, const TickTimes& times,
                                                   int64_t limit, const TickContext& context,
                                                   const Snapshot& view, RuleState& next) {
  ASSIGN_OR_RETURN(
      engine::QueryResult result,
      engine::Execute(QueryOf(rule), view, TimeRange::Instant(times.query_ms), context.query));
  return ToSamples(rule, std::move(result.value), times, limit, next);
}

void LogFailure(const GroupDefinition& group, const Rule& rule, const std::string& error) {
  Log(LogLevel::kWarn, "Evaluating rule failed",
      {{"file", group.file}, {"group", group.name}, {"name", NameOf(rule)}, {"err", error}});
}

// Evaluates rule `index` and adds its samples to the output. The only errors are cancellations.
absl::StatusOr<RulePart> EvaluateRule(const RuleGroup& group, size_t index, const TickTimes& times,
                                      const TickContext& context, TickOutput& output) {
  const GroupDefinition& definition = group.definition();
  const Rule& rule = definition.rules[index];
  RulePart part;
  part.next = group.states()[index];
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
      Evaluate(rule, times, definition.limit, context, output.view(), part.next);
  if (absl::IsCancelled(samples.status())) return samples.status();
  if (samples.ok()) {
    part.has_samples = true;
    const std::vector<Labels> gone = Vanished(part.next.series, *samples);
    part.batch = output.Add(*std::move(samples));
    output.Add(EndMarkers(gone, times.query_ms));
    part.next.health = RuleHealth::kOk;
    part.next.last_error.clear();
  } else {
    Fail(part.next, std::string(samples.status().message()));
    LogFailure(definition, rule, part.next.last_error);
  }
  part.next.evaluation_time = context.clock->Now() - started;
  return part;
}

void LogRefused(const GroupDefinition& group, const Rule& rule, const AppendReport& report) {
  const auto warn = [&](std::string_view message, int64_t count) {
    if (count == 0) return;
    Log(LogLevel::kWarn, message,
        {{"file", group.file},
         {"group", group.name},
         {"name", NameOf(rule)},
         {"num_dropped", StrCat(count)},
         {"err", report.last_error}});
  };
  warn("Error on ingesting out-of-order result from rule evaluation", report.out_of_order);
  warn("Error on ingesting results from rule evaluation with different value but same timestamp",
       report.duplicates);
  warn("Rule evaluation result discarded", report.other_errors);
}

// What the rule has written, once the commit succeeded.
void Settle(const GroupDefinition& group, const Rule& rule, const AppendReport& report,
            const std::vector<SeriesSample>& samples, RuleState& next) {
  next.series.clear();
  for (size_t i = 0; i < samples.size(); ++i) {
    if (report.is_accepted[i]) next.series.push_back(samples[i].labels);
  }
  if (!report.has_errors()) return;
  Fail(next, report.last_error);
  LogRefused(group, rule, report);
}

// A tick that wrote nothing: every rule shows `error` and keeps its series and alerts.
void ApplyFailure(RuleGroup& group, absl::Time started, const std::string& error,
                  const TickContext& context) {
  TickChange change;
  change.rules = group.states();
  change.started_at = started;
  change.duration = context.clock->Now() - started;
  change.evaluations = change.failures = static_cast<int64_t>(change.rules.size());
  for (RuleState& state : change.rules) {
    Fail(state, error);
    state.last_evaluation = started;
    state.evaluation_time = absl::ZeroDuration();
  }
  group.Apply(std::move(change));
  Log(LogLevel::kWarn, "Rule group not evaluated",
      {{"file", group.definition().file}, {"group", group.definition().name}, {"err", error}});
}

TickChange MakeChange(const RuleGroup& group, std::vector<RulePart> parts,
                      const std::vector<AppendReport>& reports, const TickOutput& output) {
  TickChange change;
  for (size_t i = 0; i < parts.size(); ++i) {
    RulePart& part = parts[i];
    if (part.has_samples) {
      const std::vector<SeriesSample>& samples = output.batch(part.batch);
      change.samples += static_cast<int64_t>(samples.size());
      Settle(group.definition(), group.definition().rules[i], reports[part.batch], samples,
             part.next);
    }
    change.evaluations += part.is_evaluated ? 1 : 0;
    change.failures += part.next.health == RuleHealth::kError ? 1 : 0;
    change.rules.push_back(std::move(part.next));
  }
  change.clears_orphans = true;
  return change;
}

}  // namespace

absl::Status RunTick(RuleGroup& group, absl::Time eval_time, const TickContext& context) {
  const absl::Time started = context.clock->Now();
  const absl::Duration query_offset = group.definition().query_offset;
  const TickTimes times{eval_time, absl::ToUnixMillis(eval_time - query_offset)};
  if (context.source != nullptr) {
    // With a query offset, what is later than the query may have happened by now.
    const int64_t pull_ms = std::max(
        times.query_ms, std::min(times.query_ms + ReachForward(group.definition()),
                                 absl::ToUnixMillis(eval_time)));
    const absl::Status pulled = context.source->BeforeTick(pull_ms);
    if (!pulled.ok()) {
      ApplyFailure(group, started, std::string(pulled.message()), context);
      return pulled;
    }
  }

  TickOutput output(*context.storage, context.sinks);
  std::vector<RulePart> parts;
  for (size_t i = 0; i < group.definition().rules.size(); ++i) {
    if (IsCancelled(context)) return absl::CancelledError("rule evaluation was stopped");
    ASSIGN_OR_RETURN(RulePart part, EvaluateRule(group, i, times, context, output));
    parts.push_back(std::move(part));
  }
  output.Add(EndMarkers(group.orphans(), times.query_ms));

  absl::StatusOr<std::vector<AppendReport>> reports = output.Commit();
  if (!reports.ok()) {
    ApplyFailure(group, started, std::string(reports.status().message()), context);
    return reports.status();
  }
  TickChange change = MakeChange(group, std::move(parts), *reports, output);
  change.started_at = started;
  change.duration = context.clock->Now() - started;
  group.Apply(std::move(change));
  return absl::OkStatus();
}

absl::Status EndSeries(const std::vector<Labels>& series, int64_t time_ms,
                       const TickContext& context) {
  TickOutput output(*context.storage, context.sinks);
  output.Add(EndMarkers(series, time_ms));
  return output.Commit().status();
}

}  // namespace sloburn::rules
