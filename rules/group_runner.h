// SPDX-License-Identifier: Apache-2.0
// One tick of one group: the data path of the program.
//
//   pull -> snapshot -> for each rule: execute -> samples -> overlay -> one commit
//
// A tick is one transaction: samples, staleness markers and alert states all change or none.
// A rule that fails keeps its series as they are and does not stop the others.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "engine/storage/storage.h"
#include "rules/notification.h"
#include "rules/output.h"
#include "rules/rule_group.h"
#include "rules/source.h"

namespace sloburn::rules {

// What ticks need; all pointers outlive them.
struct TickContext {
  Storage* storage = nullptr;
  const Clock* clock = nullptr;
  engine::QueryOptions query;
  std::vector<SampleSink*> sinks;
  const Coverage* coverage = nullptr;  // null: everything is covered
  SourcePull* source = nullptr;        // null: data comes by itself
  AlertSink* alerts = nullptr;         // null: nobody is told of alerts
  absl::Duration resend_delay = absl::Minutes(1);  // between messages about the same alert
  std::string external_url;            // of this server, without a slash at the end
  std::map<std::string, std::string> external_labels;  // for templates
};

// Evaluates the group at `eval_time`, commits, and installs the new state in the group. The result
// is OK also when rules failed (their status says so); otherwise it is the error of the source or
// of the commit, or Cancelled, when nothing was written.
absl::Status RunTick(RuleGroup& group, absl::Time eval_time, const TickContext& context);

// Ends `series` with staleness markers at `time_ms`. Series that have newer samples are left alone.
absl::Status EndSeries(const std::vector<Labels>& series, int64_t time_ms,
                       const TickContext& context);

}  // namespace sloburn::rules
