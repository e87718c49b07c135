// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>

#include "base/json_writer.h"
#include "engine/functions/function.h"
#include "parser/operators.h"
#include "web/api/api_handler.h"
#include "web/api/endpoints.h"

namespace sloburn::web {
namespace {

using Features = std::map<std::string_view, bool>;

Features ApiFeatures(const Dependencies& deps) {
  return {{"admin", false},
          {"exclude_alerts", true},
          {"label_values_match", true},
          {"lifecycle", deps.enable_lifecycle},
          {"otlp_write_receiver", false},
          {"query_stats", true},
          {"query_warnings", true},
          {"remote_write_receiver", deps.enable_remote_write_receiver},
          {"search", false},
          {"time_range_labels", true},
          {"time_range_series", true}};
}

Features LanguageFeatures(const engine::QueryOptions& options) {
  Features features = {{"at_modifier", true},
                       {"delayed_name_removal", options.delayed_name_removal},
                       {"duration_expr", true},
                       {"negative_offset", true},
                       {"per_query_lookback_delta", true},
                       {"per_step_stats", options.count_samples_by_step},
                       {"subqueries", true},
                       {"type_and_unit_labels", options.type_and_unit_labels}};
  for (const char* keyword : {"bool", "by", "group_left", "group_right", "ignoring", "offset", "on",
                              "without"}) {
    features[keyword] = true;
  }
  for (const char* keyword : {"anchored", "smoothed"}) {
    features[keyword] = options.parse.enable_extended_range_selectors;
  }
  for (const char* keyword : {"fill", "fill_left", "fill_right"}) {
    features[keyword] = options.parse.enable_binop_fill_modifiers;
  }
  return features;
}

Features OperatorFeatures(const parser::ParseOptions& options) {
  Features features;
  for (const char* name : {"+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", "<=", ">", ">=",
                           "</", ">/", "and", "or", "unless", "=~", "!~", "@"}) {
    features[name] = true;
  }
  using Operator = parser::AggregateOperator;
  for (int i = 0; i <= static_cast<int>(Operator::kLimitRatio); ++i) {
    const parser::AggregateRow& row = parser::Describe(static_cast<Operator>(i));
    features[row.name] = !row.is_experimental || options.enable_experimental_functions;
  }
  return features;
}

Features FunctionFeatures(const parser::ParseOptions& options) {
  Features features;
  for (const engine::FunctionRow* row : engine::AllFunctions()) {
    features[row->name] = !row->is_experimental || options.enable_experimental_functions;
  }
  return features;
}

void AppendFeatures(std::string& out, std::string_view category, const Features& features) {
  out += out.back() == '{' ? "" : ",";
  AppendJsonString(out, category);
  char before = '{';
  out += ':';
  for (const auto& [name, is_on] : features) {
    out += before;
    before = ',';
    AppendJsonString(out, name);
    out += is_on ? ":true" : ":false";
  }
  out += '}';
}

}  // namespace

// Prometheus' categories, without those of what there is not: scraping, discovery, OTLP, a UI.
void AddFeatures(Router& router, const Dependencies& deps) {
  router.Add({"GET"}, "/api/v1/features", Lane::kControl,
             ApiHandler([&deps](const Request&, const Form&,
                                std::string& out) -> absl::StatusOr<Notes> {
               const engine::QueryOptions& query = deps.query_options;
               out += '{';
               AppendFeatures(out, "api", ApiFeatures(deps));
               AppendFeatures(out, "prometheus", {{"agent_mode", false}, {"server_mode", true}});
               AppendFeatures(out, "promql", LanguageFeatures(query));
               AppendFeatures(out, "promql_functions", FunctionFeatures(query.parse));
               AppendFeatures(out, "promql_operators", OperatorFeatures(query.parse));
               AppendFeatures(out, "rules", {{"concurrent_rule_eval", false},
                                             {"keep_firing_for", true},
                                             {"query_offset", true}});
               out += '}';
               return Notes();
             }));
}

}  // namespace sloburn::web
