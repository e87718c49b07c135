// SPDX-License-Identifier: Apache-2.0
// The evaluation of one rule at one slot: its samples, the series that vanished, the next state of
// its alerts, and the messages about them. Nothing is written here.
//
//   ASSIGN_OR_RETURN(RulePart part, EvaluateRule(group, index, times, context, output.view()));
//
// Threads: rules of one group may be evaluated at the same time, each by one thread, while nobody
// changes the group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/model/labels.h"
#include "engine/model/sample.h"
#include "engine/storage/storage.h"
#include "rules/notification.h"
#include "rules/rule_group.h"
#include "rules/tick_context.h"

namespace sloburn::rules {

struct TickTimes {
  absl::Time eval_time;
  int64_t query_ms;        // earlier by the query offset; also the time of all samples
  bool is_repair = false;  // of a slot that was missed
};

// One rule's part of a tick, until the commit tells what became of its samples.
struct RulePart {
  RuleState next;
  bool is_evaluated = false;          // false: warming
  bool has_samples = false;           // evaluated without an error
  std::vector<SeriesSample> samples;  // until they are in the output
  std::vector<Labels> gone;           // series to be ended
  std::vector<AlertMessage> messages;
  size_t batch = 0;  // in the output, where has_samples
};

// Evaluates rule `index` of the group over `view`. A rule that fails says so in its state, and is
// logged; the only errors are cancellations.
absl::StatusOr<RulePart> EvaluateRule(const RuleGroup& group, size_t index, const TickTimes& times,
                                      const TickContext& context, const Snapshot& view);

// "" where the source holds all that the rule reads in a query at `query_ms`.
std::string WhyWarming(const Rule& rule, int64_t query_ms, const TickContext& context);

// The rule has failed; its series and alerts stay.
void SetError(RuleState& state, std::string error);

}  // namespace sloburn::rules
