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

  // The time looked at for the step at `step_ms`.
  int64_t At(int64_t step_ms) const { return (is_pinned ? pinned_ms : step_ms) - offset_ms; }
};

inline absl::StatusOr<SelectorTimes> ResolveTimes(const parser::AtModifier& at,
                                                  const parser::Duration& offset,
                                                  const ExecContext& context) {
  SelectorTimes times;
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
