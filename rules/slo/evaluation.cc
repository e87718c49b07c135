// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/evaluation.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/str_cat.h"

namespace sloburn::rules {
namespace {

class Evaluator {
 public:
  Evaluator(const SloInput& input, const Snapshot& snapshot, int64_t time_ms,
            const engine::QueryOptions& options)
      : input_(input),
        snapshot_(snapshot),
        time_ms_(time_ms),
        options_(options),
        deadline_(absl::Now() + options.timeout) {}

  absl::StatusOr<SloEvaluation> Run() {
    SloEvaluation result;
    result.warnings = input_.warnings;
    for (const Slo& slo : *input_.slos) {
      why_warming_.clear();
      absl::StatusOr<SloState> state =
          EvaluateSlo(slo, [this](const std::string& text) { return Ask(text); });
      const absl::StatusCode code = state.status().code();
      if (code == absl::StatusCode::kCancelled || code == absl::StatusCode::kDeadlineExceeded) {
        return state.status();
      }
      if (!state.ok()) {
        result.warnings.push_back(Warning(slo, std::string(state.status().message())));
      } else if (!why_warming_.empty()) {
        result.warnings.push_back(Warning(slo, StrCat("warming: ", why_warming_)));
      }
      result.states.push_back(state.ok() ? *std::move(state) : WithoutFigures(slo));
    }
    return result;
  }

 private:
  static std::string Warning(const Slo& slo, const std::string& text) {
    return StrCat("SLO \"", slo.name, "\" of service \"", slo.service, "\": ", text);
  }

  static SloState WithoutFigures(const Slo& slo) {
    SloState state;
    state.slo = slo;
    for (const absl::Duration window : BurnRateWindows()) {
      state.burn_rates.push_back({window, std::nullopt});
    }
    return state;
  }

  bool IsCovered(const engine::PreparedQuery& query) {
    if (input_.coverage == nullptr) return true;
    for (const auto& selector : query.selectors()) {
      if (!input_.coverage->Covers(selector, time_ms_, &why_warming_)) return false;
    }
    return true;
  }

  absl::StatusOr<QueryValue> Ask(const std::string& text) {
    engine::QueryOptions options = options_;
    if (options.cancelled != nullptr && *options.cancelled) {
      return absl::CancelledError("query was canceled in expression evaluation");
    }
    options.timeout = deadline_ - absl::Now();
    if (options.timeout <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError("query timed out in expression evaluation");
    }
    ASSIGN_OR_RETURN(const engine::PreparedQuery query, engine::Prepare(text, options));
    if (!IsCovered(query)) return InstantVector();
    ASSIGN_OR_RETURN(engine::QueryResult result,
                     engine::Execute(query, snapshot_, TimeRange::Instant(time_ms_), options));
    return std::move(result.value);
  }

  const SloInput& input_;
  const Snapshot& snapshot_;
  const int64_t time_ms_;
  const engine::QueryOptions& options_;
  const absl::Time deadline_;
  std::string why_warming_;  // of the SLO under way
};

}  // namespace

absl::StatusOr<SloEvaluation> EvaluateSlos(const SloInput& input, const Snapshot& snapshot,
                                           int64_t now_ms, const engine::QueryOptions& options) {
  if (input.slos == nullptr) return SloEvaluation();
  const int64_t time_ms = std::min(now_ms, input.complete_to_ms.value_or(now_ms));
  return Evaluator(input, snapshot, time_ms, options).Run();
}

}  // namespace sloburn::rules
