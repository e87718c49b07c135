// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_answer.h"

#include <nlohmann/json.hpp>

#include "parser/printer.h"

namespace sloburn::rules {
namespace {

using Json = nlohmann::json;

std::optional<double> NumberOf(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  return found->get<double>();
}

// Throws nlohmann's exceptions where a key is missing or of another type.
SloState StateOf(const Json& item) {
  SloState state;
  state.slo.service = item.at("service").get<std::string>();
  state.slo.name = item.at("name").get<std::string>();
  state.slo.objective = item.at("objective").get<double>();
  const auto window_ms = parser::ParseDuration(item.at("window").get<std::string>());
  state.slo.window = absl::Milliseconds(window_ms.value_or(0));
  state.sli = NumberOf(item, "sli");
  state.budget_remaining = NumberOf(item, "errorBudgetRemaining");
  const Json& burn_rates = item.at("burnRates");
  for (const absl::Duration window : BurnRateWindows()) {
    const std::string key = parser::FormatDuration(absl::ToInt64Milliseconds(window));
    state.burn_rates.push_back({window, NumberOf(burn_rates, key)});
  }
  if (const auto seconds = NumberOf(item, "secondsToExhaustion")) {
    state.exhaustion = absl::Seconds(*seconds);
  }
  return state;
}

SloAnswer AnswerOf(const Json& document) {
  SloAnswer answer;
  for (const Json& item : document.at("data").at("slos")) answer.states.push_back(StateOf(item));
  if (const auto warnings = document.find("warnings"); warnings != document.end()) {
    answer.warnings = warnings->get<std::vector<std::string>>();
  }
  return answer;
}

}  // namespace

absl::StatusOr<SloAnswer> ParseSloAnswer(std::string_view body) {
  try {
    const Json document = Json::parse(body);
    if (document.is_object() && document.value("status", "") == "error") {
      return absl::FailedPreconditionError(document.at("error").get<std::string>());
    }
    return AnswerOf(document);
  } catch (const Json::exception&) {
    return absl::NotFoundError("this is no answer of a sloburn");
  }
}

}  // namespace sloburn::rules
