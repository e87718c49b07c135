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

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "engine/model/labels.h"
#include "engine/storage/storage.h"
#include "rules/rule_group.h"
#include "rules/tick_context.h"

namespace sloburn::rules {

// Evaluates the group at `eval_time`, commits, and installs the new state in the group. The result
// is OK also when rules failed (their status says so); otherwise it is the error of the source or
// of the commit, or Cancelled, when nothing was written.
absl::Status RunTick(RuleGroup& group, absl::Time eval_time, const TickContext& context);

// Ends `series` with staleness markers at `time_ms`, and writes `values` with them. Series that have
// newer samples are left alone.
absl::Status EndSeries(const std::vector<Labels>& series, int64_t time_ms,
                       const std::vector<NamedValue>& values, const TickContext& context);

}  // namespace sloburn::rules
