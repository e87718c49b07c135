// SPDX-License-Identifier: Apache-2.0
// The state of SLOs: SLI, error budget, burn rates, projected exhaustion.
//
// The burn rate over a window is the ratio of errors in it divided by the error budget: 1 uses the
// budget up exactly in the SLO's window. The budget remaining is 1 - burn rate over the SLO's own
// window. The projection divides what remains by the burn rate of the last 6 hours.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/model/sample.h"
#include "rules/slo/slo.h"

namespace sloburn::rules {

struct BurnRate {
  absl::Duration window;
  std::optional<double> rate;  // absent: no traffic
};

struct SloState {
  Slo slo;
  std::optional<double> sli;                 // over the SLO's window; absent: no traffic
  std::optional<double> budget_remaining;    // 1: untouched, 0: used up, negative: overspent
  std::vector<BurnRate> burn_rates;          // in the order of BurnRateWindows()
  std::optional<absl::Duration> exhaustion;  // absent: not in sight; zero: has happened
};

// Evaluates a query at `time_ms`: over a store, or by a server's API.
using InstantQuery = std::function<absl::StatusOr<QueryValue>(const std::string& query)>;

// Errors: those of the query; FailedPrecondition where a query gives more than one series.
absl::StatusOr<SloState> EvaluateSlo(const Slo& slo, const InstantQuery& query);

// A table for people. With `is_coloured`, ANSI colours.
std::string SloTable(const std::vector<SloState>& states, bool is_coloured);
// An array of objects; ratios as numbers, null where there is no traffic.
// Of many lines for people, or all on one line.
enum class JsonLayout { kLines, kCompact };
std::string SloJson(const std::vector<SloState>& states, JsonLayout layout = JsonLayout::kLines);

}  // namespace sloburn::rules
