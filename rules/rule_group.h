// SPDX-License-Identifier: Apache-2.0
// A group of rules: its definition, which never changes, and its state, which a tick replaces.
//
// Threads: one thread at a time runs ticks (group_runner.h) and moves state; Status() and
// Metrics() may be called from any thread meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/storage/storage.h"
#include "rules/alerting_rule.h"
#include "rules/recording_rule.h"
#include "rules/rule_durations.h"
#include "rules/rule_file.h"
#include "rules/source.h"
#include "rules/status.h"

namespace sloburn::rules {

using Rule = std::variant<RecordingRule, AlertingRule>;

const std::string& NameOf(const Rule& rule);
const std::vector<Label>& LabelsOf(const Rule& rule);
const engine::PreparedQuery& QueryOf(const Rule& rule);

struct GroupDefinition {
  std::string file;
  std::string name;
  absl::Duration interval;
  absl::Duration query_offset;
  int64_t limit = 0;
  std::vector<Rule> rules;

  // "file;name": the group's identity, as Prometheus writes it.
  std::string Key() const;
  friend bool operator==(const GroupDefinition&, const GroupDefinition&) = default;
};

// `default_interval` must be positive.
GroupDefinition MakeGroupDefinition(const GroupSpec& spec, absl::Duration default_interval,
                                    absl::Duration default_query_offset);

struct RuleState {
  RuleHealth health = RuleHealth::kUnknown;
  std::string last_error;
  absl::Duration evaluation_time;
  absl::Time last_evaluation = absl::InfinitePast();
  std::vector<Labels> series;  // written by the last evaluation that succeeded
  AlertStates alerts;
  // False until it is known since when its alerts are active (alert_restore.h): their series are not
  // written before.
  bool is_restored = true;
};

// For /metrics; counters since the group was loaded.
struct GroupMetrics {
  std::string key;
  absl::Duration interval;
  int64_t rules = 0;
  int64_t iterations = 0;  // scheduled, missed ones included
  int64_t iterations_missed = 0;
  int64_t evaluations = 0;  // of rules
  int64_t evaluation_failures = 0;
  absl::Duration evaluation_duration_sum;  // of rules
  absl::Duration iteration_duration_sum;   // of whole ticks
  absl::Duration last_duration;
  absl::Duration last_rule_duration_sum;
  absl::Time last_evaluation = absl::InfinitePast();
  int64_t last_samples = 0;
};

// What one tick changes.
struct TickChange {
  bool is_written = false;  // it was committed
  bool is_repair = false;   // of a slot before the last
  std::string error;        // why it was not written
  absl::Time eval_time;
  std::vector<RuleState> rules;
  absl::Time started_at;
  absl::Duration duration;
  int64_t evaluations = 0;
  int64_t failures = 0;
  int64_t samples = 0;
};

// What outlives a group: a reload that changes it, or the process.
struct GroupState {
  struct Rule {
    std::string identity;  // RuleGroup::Identity
    RuleState state;
  };
  std::vector<Rule> rules;
  std::vector<Labels> orphans;
  absl::Time evaluated_until = absl::InfinitePast();
  bool has_gap = false;  // as RuleGroup::has_gap
  std::string behind;    // as RuleGroup::WhyBehind
};

class RuleGroup {
 public:
  explicit RuleGroup(GroupDefinition definition);

  const GroupDefinition& definition() const { return definition_; }
  // Which rules may be evaluated at the same time (rule_waves.h).
  const std::vector<std::vector<size_t>>& waves() const { return waves_; }
  const std::shared_ptr<const GroupReads>& reads() const { return reads_; }

  // Why what the group writes is not up to date: its last tick failed, or slots passed without the
  // process; "" where it is. Any thread.
  std::string WhyBehind() const;
  // The groups whose series it reads (group_inputs.h). Before its ticks begin, or between them.
  void SetInputs(std::vector<std::shared_ptr<const RuleGroup>> inputs);
  // Why the group has to wait: an input is behind whose series would be missing by now. Those whose
  // interval is longer than the lookback are missing at times in any case. "" where it need not.
  std::string WhyHeld(absl::Duration lookback) const;

  GroupStatus Status() const;
  GroupMetrics Metrics() const;
  // Of the last tick.
  TickDurations LastDurations() const;

  // The calls below belong to the thread that runs the group.
  const std::vector<RuleState>& states() const { return states_; }
  // Series whose rules are gone since a reload: the next tick ends them.
  const std::vector<Labels>& orphans() const { return orphans_; }
  void Apply(TickChange change);
  // Slots that were left out. Where the tick before ran into them, and not because its rules take
  // long (a slow source, the repair of a gap), they are a gap to be repaired.
  void CountMissed(int64_t iterations, bool ran_into_them);
  // Ticks that were tried since the group was made.
  int64_t ticks() const { return ticks_; }
  // The last slot whose tick was written; InfinitePast where there is none.
  absl::Time evaluated_until() const { return evaluated_until_; }
  // Whether the slots after evaluated_until() were not evaluated: the process was not there, or
  // their ticks failed.
  bool has_gap() const { return has_gap_; }
  void CloseGap() { has_gap_ = false; }
  // No slot has passed since the process that knew the group.
  void IsUpToDate();

  // The values (rule_record.h) that a tick which leads to these states has to write.
  std::vector<NamedValue> ChangedValues(absl::Time eval_time,
                                        const std::vector<const RuleState*>& next) const;

  // Takes over the state of a group of the same key: rules are matched by name and labels, several
  // of the same in their order. Series of unmatched rules become orphans.
  // REQUIRES: no tick of either group is running.
  void Adopt(GroupState state);
  // The metrics that a reload keeps.
  void AdoptMetrics(const RuleGroup& old);
  GroupState State() const;
  // For a group that begins with the process and has no state: `for` has to be looked up.
  void RestoreLater();

  // What is to be forgotten where the group goes.
  std::vector<NamedValue> ValueNames() const;

  // All series the group has written and not ended.
  std::vector<Labels> LiveSeries() const;

 private:
  std::string Identity(size_t index) const;
  RuleStatus StatusOf(size_t index) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const GroupDefinition definition_;
  const std::vector<std::vector<size_t>> waves_;
  const std::shared_ptr<const GroupReads> reads_;
  mutable absl::Mutex mutex_;  // taken to write by the running thread, to read by the others
  std::vector<RuleState> states_;
  std::vector<Labels> orphans_;
  absl::Time evaluated_until_ = absl::InfinitePast();
  bool has_gap_ = false;
  std::string behind_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<const RuleGroup>> inputs_ ABSL_GUARDED_BY(mutex_);
  int64_t ticks_ = 0;
  bool writes_all_ = true;         // the values of all rules with the next tick
  size_t obsolete_from_ = 0, obsolete_to_ = 0;  // numbers of rules whose values are to go
  GroupMetrics metrics_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sloburn::rules
