// SPDX-License-Identifier: Apache-2.0
// The state of all SLOs over a store, within the limits of one query. Where the store does not
// hold a window yet, its figures are absent and a warning says so: never a wrong number.
//
//   ASSIGN_OR_RETURN(SloEvaluation result, EvaluateSlos(input, *snapshot, now_ms, options));
//
// Threads: EvaluateSlos may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/engine.h"
#include "engine/storage/storage.h"
#include "rules/slo/report.h"
#include "rules/slo/slo.h"
#include "rules/source.h"

namespace sloburn::rules {

struct SloInput {
  std::shared_ptr<const std::vector<Slo>> slos;  // null: none
  const Coverage* coverage = nullptr;            // borrowed; null: everything is covered
  // Until when (Unix ms) the source was read. Absent: data comes by itself, as of now.
  std::optional<int64_t> complete_to_ms;
  std::vector<std::string> warnings;  // about all of it
};

struct SloEvaluation {
  std::vector<SloState> states;       // in the order of the input
  std::vector<std::string> warnings;  // the input's, then at most one per SLO
};

// Evaluates at `now_ms`, or at input.complete_to_ms where that is earlier: what came after is not
// known yet. options.timeout is for all SLOs together, the other limits are for each query.
// An SLO whose queries fail has no figures, and a warning.
// Errors: Cancelled, DeadlineExceeded.
absl::StatusOr<SloEvaluation> EvaluateSlos(const SloInput& input, const Snapshot& snapshot,
                                           int64_t now_ms, const engine::QueryOptions& options);

}  // namespace sloburn::rules
