// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/report.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "parser/printer.h"

namespace sloburn::rules {
namespace {

constexpr absl::Duration kProjectionWindow = absl::Hours(6);

// The one value of a result; absent where there is none or it is NaN (no traffic).
absl::StatusOr<std::optional<double>> SingleValue(const Slo& slo, const QueryValue& value) {
  std::optional<double> single;
  if (const auto* scalar = std::get_if<ScalarResult>(&value)) {
    single = scalar->value;
  } else if (const auto* vector = std::get_if<InstantVector>(&value)) {
    if (vector->size() > 1) {
      return absl::FailedPreconditionError(absl::StrCat("SLO \"", slo.name, "\": the query gives ",
                                                        vector->size(),
                                                        " series; aggregate it to one"));
    }
    if (!vector->empty()) single = vector->front().value;
  } else {
    return absl::FailedPreconditionError(
        absl::StrCat("SLO \"", slo.name, "\": the query gives no instant vector"));
  }
  if (single && std::isnan(*single)) single.reset();
  return single;
}

absl::StatusOr<std::optional<double>> ErrorRatio(const Slo& slo, absl::Duration window,
                                                 const InstantQuery& query) {
  ASSIGN_OR_RETURN(const QueryValue value, query(slo.ErrorRatio(window)));
  return SingleValue(slo, value);
}

std::string WindowText(absl::Duration window) {
  return parser::FormatDuration(absl::ToInt64Milliseconds(window));
}

std::string Percent(const std::optional<double>& ratio, int digits) {
  return ratio ? absl::StrFormat("%.*f%%", digits, *ratio * 100) : "no data";
}

std::string ExhaustionText(const SloState& state) {
  if (!state.budget_remaining) return "no data";
  if (!state.exhaustion) return "-";
  if (*state.exhaustion == absl::ZeroDuration()) return "exhausted";
  const double hours = absl::ToDoubleHours(*state.exhaustion);
  return hours >= 48 ? absl::StrFormat("in %.1fd", hours / 24) : absl::StrFormat("in %.1fh", hours);
}

const char* BudgetColour(const SloState& state) {
  if (!state.budget_remaining) return "\033[33m";
  if (*state.budget_remaining <= 0) return "\033[31m";
  return *state.budget_remaining < 0.2 ? "\033[33m" : "\033[32m";
}

std::string Padded(const std::string& text, size_t width) {
  return text.size() >= width ? text : text + std::string(width - text.size(), ' ');
}

}  // namespace

absl::StatusOr<SloState> EvaluateSlo(const Slo& slo, const InstantQuery& query) {
  SloState state;
  state.slo = slo;
  ASSIGN_OR_RETURN(const auto error_ratio, ErrorRatio(slo, slo.window, query));
  if (error_ratio) {
    state.sli = 1 - *error_ratio;
    state.budget_remaining = 1 - *error_ratio / slo.error_budget();
  }
  std::optional<double> recent;
  for (const absl::Duration window : BurnRateWindows()) {
    ASSIGN_OR_RETURN(auto ratio, ErrorRatio(slo, window, query));
    if (ratio) *ratio /= slo.error_budget();
    if (window == kProjectionWindow) recent = ratio;
    state.burn_rates.push_back({window, ratio});
  }
  if (state.budget_remaining && *state.budget_remaining <= 0) {
    state.exhaustion = absl::ZeroDuration();
  } else if (state.budget_remaining && recent && *recent > 0) {
    state.exhaustion = slo.window * (*state.budget_remaining / *recent);
  }
  return state;
}

std::string SloTable(const std::vector<SloState>& states, bool is_coloured) {
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"SERVICE", "SLO", "OBJECTIVE", "WINDOW", "SLI", "BUDGET LEFT"});
  for (const absl::Duration window : BurnRateWindows()) {
    rows[0].push_back("BURN " + WindowText(window));
  }
  rows[0].push_back("EXHAUSTION");
  for (const SloState& state : states) {
    std::vector<std::string> row = {state.slo.service,
                                    state.slo.name,
                                    absl::StrFormat("%.6g%%", state.slo.objective * 100),
                                    WindowText(state.slo.window),
                                    Percent(state.sli, 4),
                                    Percent(state.budget_remaining, 2)};
    for (const BurnRate& burn : state.burn_rates) {
      row.push_back(burn.rate ? absl::StrFormat("%.2f", *burn.rate) : "-");
    }
    row.push_back(ExhaustionText(state));
    rows.push_back(std::move(row));
  }
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  constexpr size_t kBudgetColumn = 5;
  std::string out;
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t i = 0; i < rows[r].size(); ++i) {
      const std::string cell = Padded(rows[r][i], i + 1 < rows[r].size() ? widths[i] + 2 : 0);
      const bool is_marked = is_coloured && r > 0 && i == kBudgetColumn;
      absl::StrAppend(&out, is_marked ? BudgetColour(states[r - 1]) : "", cell,
                      is_marked ? "\033[0m" : "");
    }
    out += '\n';
  }
  return out;
}

std::string SloJson(const std::vector<SloState>& states, JsonLayout layout) {
  const auto number = [](const std::optional<double>& value) {
    return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
  };
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const SloState& state : states) {
    nlohmann::ordered_json burn_rates;
    for (const BurnRate& burn : state.burn_rates) {
      burn_rates[WindowText(burn.window)] = number(burn.rate);
    }
    nlohmann::ordered_json item;
    item["service"] = state.slo.service;
    item["name"] = state.slo.name;
    item["objective"] = state.slo.objective;
    item["window"] = WindowText(state.slo.window);
    item["sli"] = number(state.sli);
    item["errorBudgetRemaining"] = number(state.budget_remaining);
    item["burnRates"] = std::move(burn_rates);
    item["secondsToExhaustion"] =
        state.exhaustion ? nlohmann::ordered_json(absl::ToDoubleSeconds(*state.exhaustion))
                         : nlohmann::ordered_json();
    out.push_back(std::move(item));
  }
  return layout == JsonLayout::kCompact ? out.dump() : out.dump(2) + "\n";
}

}  // namespace sloburn::rules
