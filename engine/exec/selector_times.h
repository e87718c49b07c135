// SPDX-License-Identifier: Apache-2.0
// Where a selector looks: the evaluation time after @ and offset.
#pragma once

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "engine/exec/context.h"
#include "engine/plan/durations.h"

namespace sloburn::engine {

struct SelectorTimes {
  bool is_pinned = false;
  int64_t pinned_ms = 0;
  int64_t offset_ms = 0;
  // PlanNode::at_moves: the time goes on from the pinned one as the steps do from this one.
  bool moves = false;
  int64_t moves_from_ms = 0;

  // The time looked at for the step at `step_ms`.
  int64_t At(int64_t step_ms) const {
    if (!is_pinned) return step_ms - offset_ms;
    return pinned_ms + (moves ? step_ms - moves_from_ms : 0) - offset_ms;
  }
  // The newest time that samples are read of, for steps up to `last_step_ms`.
  int64_t Newest(int64_t last_step_ms) const { return At(moves ? moves_from_ms : last_step_ms); }
};

inline absl::StatusOr<SelectorTimes> ResolveTimes(const parser::AtModifier& at,
                                                  const parser::Duration& offset,
                                                  const ExecContext& context,
                                                  bool at_moves = false) {
  SelectorTimes times;
  times.moves = at_moves;
  times.moves_from_ms = context.query_range.start_ms;
  ASSIGN_OR_RETURN(times.offset_ms,
                   ResolveDuration(offset, context.query_range, DurationUse::kOffset));
  times.is_pinned = at.kind != parser::AtKind::kNone;
  switch (at.kind) {
    case parser::AtKind::kStart: times.pinned_ms = context.query_range.start_ms; break;
    case parser::AtKind::kEnd: times.pinned_ms = context.query_range.end_ms; break;
    default: times.pinned_ms = at.timestamp_ms; break;
  }
  return times;
}

}  // namespace sloburn::engine
