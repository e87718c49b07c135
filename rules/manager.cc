// SPDX-License-Identifier: Apache-2.0
#include "rules/manager.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "rules/file_patterns.h"
#include "rules/group_inputs.h"
#include "rules/rule_record.h"
#include "rules/selector_union.h"

namespace sloburn::rules {
namespace {

// Removed groups' series end after this many intervals, so that a rule that was moved elsewhere
// has written its own samples before.
constexpr int kRemovalIntervals = 2;

// file, '\0', name: sorts by file, then by name.
std::string MapKey(const GroupDefinition& definition) {
  return StrCat(definition.file, std::string(1, '\0'), definition.name);
}

}  // namespace

Manager::Manager(ManagerOptions options)
    : options_(std::move(options)), scheduler_(*options_.clock, options_.max_concurrent_groups) {
  CHECK(options_.storage != nullptr && options_.clock != nullptr);
  options_.rule_files.query = options_.query;
  context_.storage = options_.storage;
  context_.clock = options_.clock;
  if (options_.max_concurrent_rules > 0) {
    workers_ = std::make_unique<WorkerPool>(options_.max_concurrent_rules);
  }
  context_.workers = workers_.get();
  context_.query = options_.query;
  context_.query.cancelled = &cancelled_;
  context_.coverage = options_.coverage;
  context_.source = options_.source;
  context_.keeps_state = options_.keeps_state;
  context_.gap_repair = options_.gap_repair;
  if (options_.restore) context_.restore = &*options_.restore;
  context_.alerts = options_.alerts;
  context_.resend_delay = options_.resend_delay;
  context_.external_url = options_.external_url;
  context_.templates = options_.rule_files.templates;
  std::vector<std::string> problems;
  stored_ = DecodeRecords(std::exchange(options_.stored_state, {}), problems);
  for (const std::string& problem : problems) Log(LogLevel::kError, problem);
}

Manager::~Manager() { Stop(); }

absl::StatusOr<Manager::GroupMap> Manager::ReadGroups(const RuleConfig& config) const {
  CHECK(config.evaluation_interval > absl::ZeroDuration());
  ASSIGN_OR_RETURN(const std::set<std::string> paths,
                   ExpandFilePatterns(config.file_patterns, options_.max_files, "rule files"));
  std::set<std::string> running_files;
  for (const auto& [key, group] : CurrentGroups()) running_files.insert(group->definition().file);
  GroupMap groups;
  std::vector<Diagnostic> errors;
  const auto add = [&](const RuleFile& file) {
    for (const GroupSpec& spec : file.groups) {
      GroupDefinition definition =
          MakeGroupDefinition(spec, config.evaluation_interval, config.query_offset);
      const std::string key = MapKey(definition);
      groups[key] = std::make_shared<RuleGroup>(std::move(definition));
    }
  };
  for (const std::string& path : paths) {
    const ParsedRuleFile parsed = ReadRuleFile(path, options_.rule_files);
    for (const Diagnostic& warning : parsed.warnings) Log(LogLevel::kWarn, warning.ToString());
    errors.insert(errors.end(), parsed.errors.begin(), parsed.errors.end());
    if (parsed.ok()) add(parsed.file);
    // A file that is being written is empty for a moment.
    if (parsed.is_empty && running_files.count(path) > 0) {
      errors.push_back({Severity::kError, path, {}, {},
                        "the file is empty, which would end its groups that run",
                        "write `groups: []`, or remove the file, where that is meant"});
    }
  }
  if (!errors.empty()) return absl::InvalidArgumentError(JoinDiagnostics(errors));
  for (const RuleFile& file : config.generated_files) add(file);
  if (groups.size() > options_.max_groups) {
    return absl::ResourceExhaustedError(
        StrCat(groups.size(), " rule groups; at most ", options_.max_groups, " are run"));
  }
  return groups;
}

absl::Status Manager::Load(const RuleConfig& config) {
  absl::MutexLock load_lock(&load_mutex_);
  ASSIGN_OR_RETURN(GroupMap groups, ReadGroups(config));
  {
    absl::MutexLock lock(&mutex_);
    context_.external_labels = config.external_labels;
  }
  Replace(std::move(groups));
  return absl::OkStatus();
}

void Manager::ScheduleGroup(const std::shared_ptr<RuleGroup>& group, bool goes_on) {
  const absl::Time now = options_.clock->Now(), last = SlotBefore(*group, now);
  // A slot that came while the group was being replaced is evaluated late.
  const bool is_late = goes_on && group->evaluated_until() != absl::InfinitePast() &&
                       group->evaluated_until() < last;
  const auto tick = [this, group](absl::Time eval_time) {
    // The group's own status and the log tell of errors.
    RunTick(*group, eval_time, Context()).IgnoreError();
    durations_.Add(group->LastDurations());
  };
  if (group->evaluated_until() >= last) group->IsUpToDate();
  scheduler_.Add(*group, tick, is_late ? last : SlotAfter(*group, now));
}

void Manager::Restore(RuleGroup& group) {
  const auto stored = stored_.find(group.definition().Key());
  if (stored != stored_.end()) {
    group.Adopt(std::move(stored->second));
    stored_.erase(stored);
  } else if (!is_loaded_ && options_.restore) {
    group.RestoreLater();
  }
}

std::vector<Manager::Removal> Manager::TakeForgotten(const GroupMap& groups) {
  std::vector<Removal> removals;
  const absl::Time now = options_.clock->Now();
  // Any of the groups may go on with a series.
  absl::Duration longest_interval;
  for (const auto& [key, group] : groups) {
    longest_interval = std::max(longest_interval, group->definition().interval);
  }
  for (auto& [key, state] : stored_) {
    Removal removal;
    removal.due = now + kRemovalIntervals * longest_interval;
    removal.time_ms = absl::ToUnixMillis(now);
    removal.series = std::move(state.orphans);
    removal.key = key;
    removal.values = ForgottenValues(key, state.rules.size());
    for (const GroupState::Rule& rule : state.rules) {
      removal.series.insert(removal.series.end(), rule.state.series.begin(),
                            rule.state.series.end());
    }
    removals.push_back(std::move(removal));
  }
  stored_.clear();
  return removals;
}

void Manager::Replace(GroupMap groups) {
  const GroupMap old_groups = CurrentGroups();
  struct Fresh {
    std::shared_ptr<RuleGroup> group;
    bool goes_on;  // with the slots of the one before
  };
  std::vector<Fresh> fresh;
  std::vector<const RuleGroup*> ended;
  for (const auto& [key, old] : old_groups) {
    const auto group = groups.find(key);
    if (group != groups.end() && group->second->definition() == old->definition()) {
      group->second = old;
    } else {
      ended.push_back(old.get());
    }
  }
  scheduler_.Remove(ended);
  for (const auto& [key, group] : groups) {
    const auto old = old_groups.find(key);
    if (old == old_groups.end()) {
      Restore(*group);
      fresh.push_back({group, false});
    } else if (old->second != group) {
      group->Adopt(old->second->State());
      group->AdoptMetrics(*old->second);
      fresh.push_back(
          {group, old->second->definition().interval == group->definition().interval});
    }
  }
  std::vector<Removal> removals = TakeForgotten(groups);
  is_loaded_ = true;
  const absl::Time now = options_.clock->Now();
  for (const auto& [key, group] : old_groups) {
    if (groups.count(key) > 0) continue;
    const GroupDefinition& definition = group->definition();
    removals.push_back({now + kRemovalIntervals * definition.interval,
                        absl::ToUnixMillis(now - definition.query_offset), group->LiveSeries(),
                        definition.Key(), group->ValueNames()});
  }
  ConnectInputs(groups);
  {
    absl::MutexLock lock(&mutex_);
    groups_ = std::move(groups);
    for (Removal& removal : removals) removals_.push_back(std::move(removal));
  }
  if (!is_started_) return;
  for (const Fresh& one : fresh) ScheduleGroup(one.group, one.goes_on);
}

void Manager::ConnectInputs(const GroupMap& groups) {
  std::vector<std::shared_ptr<RuleGroup>> all;
  std::vector<const GroupDefinition*> definitions;
  for (const auto& [key, group] : groups) {
    all.push_back(group);
    definitions.push_back(&group->definition());
  }
  const std::vector<std::vector<size_t>> inputs = InputsOf(definitions);
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<std::shared_ptr<const RuleGroup>> of_group;
    for (const size_t input : inputs[i]) of_group.push_back(all[input]);
    all[i]->SetInputs(std::move(of_group));
  }
}

void Manager::Start() {
  absl::MutexLock load_lock(&load_mutex_);
  if (is_started_) return;
  is_started_ = true;
  cancelled_ = false;
  stop_removals_ = false;
  for (const auto& [key, group] : CurrentGroups()) ScheduleGroup(group, /*goes_on=*/false);
  removal_thread_ = std::thread([this] { RunRemovals(); });
}

void Manager::Stop() {
  absl::MutexLock load_lock(&load_mutex_);
  if (!is_started_) return;
  is_started_ = false;
  cancelled_ = true;
  stop_removals_ = true;
  scheduler_.StopAll();
  options_.clock->Wake();
  removal_thread_.join();
  // Ticks driven by hand may follow.
  cancelled_ = false;
}

absl::Time Manager::NextRemoval() const {
  absl::MutexLock lock(&mutex_);
  absl::Time next = absl::InfiniteFuture();
  for (const Removal& one : removals_) next = std::min(next, one.due);
  return next;
}

void Manager::RunRemovals() {
  const auto next = [this] {
    return std::min(options_.clock->Now() + absl::Seconds(1), NextRemoval());
  };
  while (options_.clock->SleepUntil(next(), stop_removals_)) EndRemoved(options_.clock->Now());
}

void Manager::EndRemoved(absl::Time now) {
  std::vector<Removal> due;
  {
    absl::MutexLock lock(&mutex_);
    const auto first_due = std::stable_partition(removals_.begin(), removals_.end(),
                                                 [&](const Removal& one) { return one.due > now; });
    due.assign(std::make_move_iterator(first_due), std::make_move_iterator(removals_.end()));
    removals_.erase(first_due, removals_.end());
    for (Removal& one : due) {
      const auto is_back = [&](const auto& entry) {
        return entry.second->definition().Key() == one.key;
      };
      if (std::any_of(groups_.begin(), groups_.end(), is_back)) one.values.clear();
    }
  }
  for (const Removal& one : due) {
    const absl::Status status = EndSeries(one.series, one.time_ms, one.values, Context());
    if (status.ok()) continue;
    Log(LogLevel::kWarn, "Stale sample appending for previous configuration failed",
        {{"err", std::string(status.message())}});
  }
}

absl::Status Manager::EvaluateAt(absl::Time eval_time) {
  EndRemoved(eval_time);
  absl::Status first_error;
  for (const auto& [key, group] : CurrentGroups()) {
    first_error.Update(RunTick(*group, eval_time, Context()));
  }
  return first_error;
}

absl::Status Manager::EvaluateSlots(absl::Time after, absl::Time until) {
  // By time, then by position: two groups with the same slot run in the order of Groups().
  using Slot = std::tuple<absl::Time, size_t>;
  std::set<Slot> next;
  std::vector<std::shared_ptr<RuleGroup>> groups;
  for (const auto& [key, group] : CurrentGroups()) {
    next.insert({SlotAfter(*group, after), groups.size()});
    groups.push_back(group);
  }
  absl::Status first_error;
  while (!next.empty() && std::get<0>(*next.begin()) <= until) {
    const auto [slot, index] = *next.begin();
    next.erase(next.begin());
    EndRemoved(slot);
    first_error.Update(RunTick(*groups[index], slot, Context()));
    next.insert({slot + groups[index]->definition().interval, index});
  }
  return first_error;
}

TickContext Manager::Context() const {
  absl::MutexLock lock(&mutex_);
  return context_;
}

Manager::GroupMap Manager::CurrentGroups() const {
  absl::MutexLock lock(&mutex_);
  return groups_;
}

std::vector<GroupStatus> Manager::Groups() const {
  std::vector<GroupStatus> statuses;
  for (const auto& [key, group] : CurrentGroups()) statuses.push_back(group->Status());
  return statuses;
}

std::vector<GroupMetrics> Manager::Metrics() const {
  std::vector<GroupMetrics> metrics;
  for (const auto& [key, group] : CurrentGroups()) metrics.push_back(group->Metrics());
  return metrics;
}

std::vector<engine::PreparedQuery::Selector> Manager::Selectors() const {
  SelectorUnion all;
  for (const auto& [key, group] : CurrentGroups()) {
    const GroupDefinition& definition = group->definition();
    for (const Rule& rule : definition.rules) {
      for (const auto& selector : QueryOf(rule).selectors()) {
        all.Add(selector, absl::ToInt64Milliseconds(definition.query_offset));
      }
    }
  }
  return all.Take();
}

std::vector<GroupSeries> Manager::Series() const {
  std::vector<GroupSeries> all;
  for (const auto& [key, group] : CurrentGroups()) {
    GroupSeries series{group->reads(), {}, group->definition().query_offset};
    for (const Rule& rule : group->definition().rules) {
      if (std::holds_alternative<RecordingRule>(rule)) {
        series.writes.insert(NameOf(rule));
      } else {
        series.writes.insert({std::string(kAlertsMetric), std::string(kAlertsForStateMetric)});
      }
    }
    all.push_back(std::move(series));
  }
  return all;
}

}  // namespace sloburn::rules
