// SPDX-License-Identifier: Apache-2.0
// One tick of one group: the data path of the program.
//
//   pull -> snapshot -> for each rule: execute -> samples -> overlay -> one commit -> messages
//
// A tick is one transaction: samples, staleness markers, what goes to the outbox and the group's
// state are all written or none; Alertmanager is told afterwards. A rule that fails keeps its series
// and alerts as they are and does not stop the others. Where slots before it were missed (the process
// was not there, the source or the disk failed), the recording rules are evaluated at these first, in
// order; alerting rules are not: a hole in the data must not resolve an alert.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/worker_pool.h"
#include "engine/engine.h"
#include "engine/storage/storage.h"
#include "rules/alert_restore.h"
#include "rules/alert_template/limits.h"
#include "rules/notification.h"
#include "rules/output.h"
#include "rules/rule_group.h"
#include "rules/source.h"

namespace sloburn::rules {

// What ticks need; all pointers outlive them.
struct TickContext {
  Storage* storage = nullptr;
  const Clock* clock = nullptr;
  WorkerPool* workers = nullptr;       // null: the rules of a group one after the other
  // Rules whose last evaluations took less together are evaluated by one thread: others would cost
  // more than they save.
  absl::Duration worth_threads = absl::Milliseconds(1);
  engine::QueryOptions query;
  const Coverage* coverage = nullptr;  // null: everything is covered
  SourcePull* source = nullptr;        // null: data comes by itself
  AlertSink* alerts = nullptr;         // null: nobody is told of alerts
  absl::Duration resend_delay = absl::Minutes(1);  // between messages about the same alert
  bool keeps_state = false;  // the states of groups are written with their ticks
  // Recording rules are evaluated at the slots that were missed, this far back; zero: never.
  absl::Duration gap_repair = absl::ZeroDuration();
  const RestoreOptions* restore = nullptr;  // null: alerts begin anew with the process
  std::string external_url;            // of this server, without a slash at the end
  std::map<std::string, std::string> external_labels;  // for templates
  TemplateLimits templates;
};

// Evaluates the group at `eval_time`, commits, and installs the new state in the group. The result
// is OK also when rules failed (their status says so); otherwise it is the error of the source or
// of the commit, or Cancelled, when nothing was written.
absl::Status RunTick(RuleGroup& group, absl::Time eval_time, const TickContext& context);

// Ends `series` with staleness markers at `time_ms`, and writes `values` with them. Series that have
// newer samples are left alone.
absl::Status EndSeries(const std::vector<Labels>& series, int64_t time_ms,
                       const std::vector<NamedValue>& values, const TickContext& context);

}  // namespace sloburn::rules
