// SPDX-License-Identifier: Apache-2.0
// All rule groups: loads and reloads them, runs them, tells what they do.
//
//   Manager manager(options);
//   RETURN_IF_ERROR(manager.Load(config));
//   manager.Start();                    // groups tick on their own threads
//   RETURN_IF_ERROR(manager.Load(new_config));  // an error leaves everything as it was
//   manager.Stop();
//
// Without Start(), EvaluateAt and EvaluateSlots drive the same ticks in the caller's thread: for
// tests, demo and replay. Do not mix the two.
//
// A group is the same as before a reload when its file and name are. Groups whose definition did
// not change run on untouched; in changed ones the rules with the same name and labels keep their
// alerts and series. The series of removed groups end two intervals later, unless another rule has
// taken them over.
// Threads: all functions may be called from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "rules/group_runner.h"
#include "rules/rule_durations.h"
#include "rules/rule_file.h"
#include "rules/rule_group.h"
#include "rules/scheduler.h"
#include "rules/status.h"

namespace sloburn::rules {

struct ManagerOptions {
  Storage* storage = nullptr;
  Clock* clock = nullptr;
  engine::QueryOptions query;
  const Coverage* coverage = nullptr;
  SourcePull* source = nullptr;
  // States of groups that were written before (rule_record.h); they are kept up from then on.
  bool keeps_state = false;
  std::vector<NamedValue> stored_state = {};
  // As in TickContext. For the command line, which drives ticks of its own, the defaults.
  absl::Duration gap_repair = absl::ZeroDuration();
  std::optional<RestoreOptions> restore = std::nullopt;
  AlertSink* alerts = nullptr;
  absl::Duration resend_delay = absl::Minutes(1);  // --rules.alert.resend-delay
  std::string external_url;                        // without a slash at the end
  RuleFileOptions rule_files;  // its `query` is set from the one above
  int max_concurrent_groups = 4;
  // Rules of groups that threads of their own may evaluate, where they do not depend on each other
  // (rule_waves.h); 0: those of a group one after the other.
  int max_concurrent_rules = 0;
  size_t max_files = 10'000;
  size_t max_groups = 10'000;
};

struct RuleConfig {
  // Paths, with * ? [] allowed. A pattern without a match is no error.
  std::vector<std::string> file_patterns;
  // Groups from elsewhere (compiled SLOs), already parsed.
  std::vector<RuleFile> generated_files;
  absl::Duration evaluation_interval = absl::Minutes(1);
  absl::Duration query_offset;
  std::map<std::string, std::string> external_labels;
};

class Manager : public StatusSource {
 public:
  explicit Manager(ManagerOptions options);
  ~Manager() override;

  // Errors: InvalidArgument with one line per problem, NotFound, ResourceExhausted.
  absl::Status Load(const RuleConfig& config);

  void Start();
  // Cancels running queries, waits for the ticks to end, and writes nothing more.
  void Stop();

  // Evaluates every group at exactly `eval_time`, in the order of Groups(). The first error of a
  // source or commit is returned after all have run.
  absl::Status EvaluateAt(absl::Time eval_time);

  // Evaluates every group at each of its slots in (after, until], in order of time.
  absl::Status EvaluateSlots(absl::Time after, absl::Time until);

  std::vector<GroupStatus> Groups() const override;
  std::vector<GroupMetrics> Metrics() const;
  // Of the ticks of all groups since the start.
  DurationSummaries Durations() const { return durations_.Summarize(); }

  // What all loaded rules read, one entry per set of matchers, windows joined and widened by the
  // groups' query offsets: the source must hold [T - oldest_ms, T - newest_ms] for a tick at T.
  std::vector<engine::PreparedQuery::Selector> Selectors() const;

  // What each loaded group reads and writes.
  std::vector<GroupSeries> Series() const;

 private:
  using GroupMap = std::map<std::string, std::shared_ptr<RuleGroup>>;  // by file, '\0', name
  struct Removal {
    absl::Time due;
    int64_t time_ms;
    std::vector<Labels> series;
    std::string key;                 // of the group
    std::vector<NamedValue> values;  // to be forgotten, unless there is such a group again
  };

  absl::StatusOr<GroupMap> ReadGroups(const RuleConfig& config) const;
  void Replace(GroupMap groups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(load_mutex_);
  // Gives a group that is new in this process what an earlier one knew of it.
  void Restore(RuleGroup& group) ABSL_EXCLUSIVE_LOCKS_REQUIRED(load_mutex_);
  // Groups that an earlier process had and this one has not.
  std::vector<Removal> TakeForgotten(const GroupMap& groups) ABSL_EXCLUSIVE_LOCKS_REQUIRED(load_mutex_);
  static void ConnectInputs(const GroupMap& groups);
  void ScheduleGroup(const std::shared_ptr<RuleGroup>& group, bool goes_on);
  void EndRemoved(absl::Time now);
  absl::Time NextRemoval() const;  // when the next one is due
  void RunRemovals();
  GroupMap CurrentGroups() const;
  TickContext Context() const;  // of a tick that starts now

  ManagerOptions options_;
  std::atomic<bool> cancelled_{false};

  RuleDurations durations_;
  std::unique_ptr<WorkerPool> workers_;  // null where rules run one after the other

  absl::Mutex load_mutex_;  // one load, start or stop at a time
  bool is_started_ ABSL_GUARDED_BY(load_mutex_) = false;
  bool is_loaded_ ABSL_GUARDED_BY(load_mutex_) = false;  // once
  std::map<std::string, GroupState> stored_ ABSL_GUARDED_BY(load_mutex_);  // by group key
  mutable absl::Mutex mutex_;
  TickContext context_ ABSL_GUARDED_BY(mutex_);
  GroupMap groups_ ABSL_GUARDED_BY(mutex_);
  std::vector<Removal> removals_ ABSL_GUARDED_BY(mutex_);

  std::atomic<bool> stop_removals_{false};
  std::thread removal_thread_;
  Scheduler scheduler_;
};

}  // namespace sloburn::rules
