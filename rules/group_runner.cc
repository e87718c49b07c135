// SPDX-License-Identifier: Apache-2.0
#include "rules/group_runner.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "rules/alert_restore.h"
#include "rules/output.h"
#include "rules/rule_evaluation.h"
#include "rules/scheduler.h"

namespace sloburn::rules {
namespace {

bool IsCancelled(const TickContext& context) {
  return context.query.cancelled != nullptr && context.query.cancelled->load();
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

std::vector<SeriesSample> EndMarkers(const std::vector<Labels>& series, int64_t time_ms) {
  std::vector<SeriesSample> markers;
  markers.reserve(series.size());
  for (const Labels& labels : series) markers.push_back({labels, time_ms, StaleMarker()});
  return markers;
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

// What the rule has written, as far as the reports tell. May be called again with other ones.
void Settle(const AppendReport& report, const std::vector<SeriesSample>& samples,
            RuleState& next) {
  next.series.clear();
  for (size_t i = 0; i < samples.size(); ++i) {
    if (report.is_accepted[i]) next.series.push_back(samples[i].labels);
  }
  next.health = RuleHealth::kOk;
  next.last_error.clear();
  if (report.has_errors()) SetError(next, report.last_error);
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
    SetError(state, error);
    state.last_evaluation = started;
    state.evaluation_time = absl::ZeroDuration();
  }
  change.error = error;
  group.Apply(std::move(change));
  Log(LogLevel::kWarn, "Rule group not evaluated",
      {{"file", group.definition().file}, {"group", group.definition().name}, {"err", error}});
}

std::vector<NamedValue> SettleAll(const RuleGroup& group, absl::Time eval_time,
                                  const std::vector<AppendReport>& reports,
                                  const TickOutput& output, const TickContext& context,
                                  std::vector<RulePart>& parts) {
  std::vector<const RuleState*> states;
  for (RulePart& part : parts) {
    if (part.has_samples) Settle(reports[part.batch], output.batch(part.batch), part.next);
    states.push_back(&part.next);
  }
  if (!context.keeps_state) return {};
  return group.ChangedValues(eval_time, states);
}

TickChange MakeChange(const RuleGroup& group, std::vector<RulePart> parts,
                      const std::vector<AppendReport>& reports, const TickOutput& output) {
  TickChange change;
  change.is_written = true;
  for (size_t i = 0; i < parts.size(); ++i) {
    RulePart& part = parts[i];
    if (part.has_samples) {
      change.samples += static_cast<int64_t>(output.batch(part.batch).size());
      const AppendReport& report = reports[part.batch];
      if (report.has_errors()) LogRefused(group.definition(), group.definition().rules[i], report);
    }
    change.evaluations += part.is_evaluated ? 1 : 0;
    change.failures += part.is_evaluated && part.next.health == RuleHealth::kError ? 1 : 0;
    change.rules.push_back(std::move(part.next));
  }
  return change;
}

// Since when alerts are active, where the process that knew it is gone: as in Prometheus, after the
// second evaluation.
void RestoreAlerts(const RuleGroup& group, const TickTimes& times, const TickContext& context,
                   std::vector<RulePart>& parts) {
  if (context.restore == nullptr || group.ticks() < 1 || times.is_repair) return;
  for (size_t i = 0; i < parts.size(); ++i) {
    RuleState& next = parts[i].next;
    if (next.is_restored || !parts[i].has_samples) continue;
    const auto& rule = std::get<AlertingRule>(group.definition().rules[i]);
    const absl::Status status =
        RestoreActiveAt(rule, *context.storage, times.eval_time, *context.restore, next.alerts);
    // There is no second try, as in Prometheus: it lets the alert fire in the end.
    next.is_restored = true;
    if (status.ok()) continue;
    Log(LogLevel::kError, "Failed to restore 'for' state",
        {{"file", group.definition().file},
         {"group", group.definition().name},
         {"alert", rule.name()},
         {"err", std::string(status.message())}});
  }
}

absl::Status PullSource(const RuleGroup& group, const TickTimes& times,
                        const TickContext& context) {
  if (context.source == nullptr) return absl::OkStatus();
  // With a query offset, what is later than the query may have happened by now.
  const int64_t pull_ms =
      std::max(times.query_ms, std::min(times.query_ms + ReachForward(group.definition()),
                                        absl::ToUnixMillis(times.eval_time)));
  return context.source->BeforeTick(*group.reads(), pull_ms);
}

// A series that another group could not write must not be taken for one that ended.
absl::Status CheckInputs(const RuleGroup& group, const TickContext& context) {
  std::string why = group.WhyHeld(context.query.lookback_delta);
  return why.empty() ? absl::OkStatus() : absl::UnavailableError(std::move(why));
}

// Slots were missed, and what rules read that have written before is not there again: as with a source
// that fails, the tick waits, and with it who reads their series. Rules that are new may be warming.
absl::Status CheckResumed(const RuleGroup& group, const TickTimes& times,
                          const TickContext& context) {
  if (!group.has_gap()) return absl::OkStatus();
  for (size_t i = 0; i < group.states().size(); ++i) {
    if (group.states()[i].series.empty()) continue;
    std::string why = WhyWarming(group.definition().rules[i], times.query_ms, context);
    if (!why.empty()) return absl::UnavailableError(std::move(why));
  }
  return absl::OkStatus();
}

bool UsesThreads(const RuleGroup& group, const std::vector<size_t>& wave,
                 const TickContext& context) {
  if (context.workers == nullptr || wave.size() == 1) return false;
  if (group.ticks() == 0) return true;  // long windows are read for the first time
  absl::Duration time;
  for (const size_t i : wave) time += group.states()[i].evaluation_time;
  return time >= context.worth_threads;
}

// Evaluates the rules, and adds their samples to the output. The only errors are cancellations.
absl::StatusOr<std::vector<RulePart>> EvaluateRules(const RuleGroup& group, const TickTimes& times,
                                                    const TickContext& context,
                                                    TickOutput& output) {
  std::vector<RulePart> parts(group.definition().rules.size());
  for (const std::vector<size_t>& wave : group.waves()) {
    std::vector<absl::Status> statuses(wave.size());
    const auto evaluate = [&](size_t i) {
      if (IsCancelled(context)) {
        statuses[i] = absl::CancelledError("rule evaluation was stopped");
        return;
      }
      absl::StatusOr<RulePart> part =
          EvaluateRule(group, wave[i], times, context, output.view());
      statuses[i] = part.status();
      if (part.ok()) parts[wave[i]] = *std::move(part);
    };
    if (UsesThreads(group, wave, context)) {
      context.workers->ForEach(wave.size(), evaluate);
    } else {
      for (size_t i = 0; i < wave.size(); ++i) evaluate(i);
    }
    for (const absl::Status& status : statuses) RETURN_IF_ERROR(status);
    if (&wave == &group.waves().back()) break;
    for (const size_t i : wave) {
      output.Show(parts[i].samples);
      output.Show(EndMarkers(parts[i].gone, times.query_ms));
    }
  }
  for (RulePart& part : parts) {
    if (!part.has_samples) continue;
    part.batch = output.Add(std::move(part.samples));
    output.Add(EndMarkers(part.gone, times.query_ms));
  }
  return parts;
}

// Evaluates the rules at one slot, and commits.
absl::Status RunSlot(RuleGroup& group, const TickTimes& times, absl::Time started,
                     const TickContext& context) {
  TickOutput output(*context.storage);
  ASSIGN_OR_RETURN(std::vector<RulePart> parts, EvaluateRules(group, times, context, output));
  RestoreAlerts(group, times, context, parts);
  output.Add(EndMarkers(group.orphans(), times.query_ms));

  absl::StatusOr<std::vector<AppendReport>> reports =
      output.Commit([&](const std::vector<AppendReport>& found) {
        return SettleAll(group, times.eval_time, found, output, context, parts);
      });
  if (!reports.ok()) {
    ApplyFailure(group, started, std::string(reports.status().message()), context);
    return reports.status();
  }
  std::vector<AlertMessage> messages;
  for (RulePart& part : parts) {
    std::move(part.messages.begin(), part.messages.end(), std::back_inserter(messages));
  }
  TickChange change = MakeChange(group, std::move(parts), *reports, output);
  change.eval_time = times.eval_time;
  change.is_repair = times.is_repair;
  change.started_at = started;
  change.duration = context.clock->Now() - started;
  group.Apply(std::move(change));
  if (!messages.empty()) context.alerts->Send(std::move(messages));
  return absl::OkStatus();
}

TickTimes TimesAt(const RuleGroup& group, absl::Time eval_time) {
  return {eval_time, absl::ToUnixMillis(eval_time - group.definition().query_offset)};
}

// The slots between the last tick that was written and `eval_time`.
absl::Status RepairGap(RuleGroup& group, absl::Time eval_time, const TickContext& context) {
  if (!group.has_gap()) return absl::OkStatus();
  const absl::Time first =
      SlotAfter(group, std::max(group.evaluated_until(), eval_time - context.gap_repair));
  int64_t slots = 0;
  for (absl::Time slot = first; slot < eval_time; slot += group.definition().interval) {
    TickTimes times = TimesAt(group, slot);
    times.is_repair = true;
    RETURN_IF_ERROR(RunSlot(group, times, context.clock->Now(), context));
    ++slots;
  }
  group.CloseGap();
  if (slots == 0) return absl::OkStatus();
  Log(LogLevel::kInfo, "Recording rules were evaluated at the slots that had been missed",
      {{"file", group.definition().file},
       {"group", group.definition().name},
       {"slots", StrCat(slots)},
       {"from", absl::FormatTime(first, absl::UTCTimeZone())}});
  return absl::OkStatus();
}

}  // namespace

absl::Status RunTick(RuleGroup& group, absl::Time eval_time, const TickContext& context) {
  const absl::Time started = context.clock->Now();
  const TickTimes times = TimesAt(group, eval_time);
  absl::Status ready = PullSource(group, times, context);
  if (ready.ok()) ready = CheckResumed(group, times, context);
  if (ready.ok()) ready = CheckInputs(group, context);
  if (!ready.ok()) {
    ApplyFailure(group, started, std::string(ready.message()), context);
    return ready;
  }
  RETURN_IF_ERROR(RepairGap(group, eval_time, context));
  return RunSlot(group, times, started, context);
}

absl::Status EndSeries(const std::vector<Labels>& series, int64_t time_ms,
                       const std::vector<NamedValue>& values, const TickContext& context) {
  TickOutput output(*context.storage);
  output.Add(EndMarkers(series, time_ms));
  return output.Commit([&](const std::vector<AppendReport>&) { return values; }).status();
}

}  // namespace sloburn::rules
