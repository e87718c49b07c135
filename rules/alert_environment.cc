// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_environment.h"

#include <memory>
#include <unordered_map>
#include <utility>

#include "base/status_macros.h"

namespace sloburn::rules {
namespace {

// Results held for other elements; queries that contain labels of the element differ for each.
constexpr size_t kMaxResults = 64;

class TemplateQueries {
 public:
  TemplateQueries(const Snapshot& view, int64_t time_ms, const engine::QueryOptions& options)
      : view_(view), time_ms_(time_ms), options_(options) {}

  absl::StatusOr<QueryValue> Run(const std::string& expr) {
    if (const auto known = results_.find(expr); known != results_.end()) return known->second;
    absl::StatusOr<QueryValue> result = Execute(expr);
    if (results_.size() < kMaxResults) results_.emplace(expr, result);
    return result;
  }

 private:
  absl::StatusOr<QueryValue> Execute(const std::string& expr) const {
    ASSIGN_OR_RETURN(const engine::PreparedQuery query, engine::Prepare(expr, options_));
    ASSIGN_OR_RETURN(engine::QueryResult result,
                     engine::Execute(query, view_, TimeRange::Instant(time_ms_), options_));
    return std::move(result.value);
  }

  const Snapshot& view_;
  const int64_t time_ms_;
  const engine::QueryOptions options_;
  std::unordered_map<std::string, absl::StatusOr<QueryValue>> results_;
};

}  // namespace

TemplateEnvironment MakeAlertEnvironment(const Snapshot& view, absl::Time eval_time,
                                         const engine::QueryOptions& options,
                                         const std::map<std::string, std::string>& external_labels,
                                         std::string external_url, const TemplateLimits& limits) {
  TemplateEnvironment environment;
  std::vector<Label> pairs;
  for (const auto& [name, value] : external_labels) pairs.push_back({name, value});
  environment.external_labels = Labels::FromPairs(std::move(pairs));
  environment.external_url = std::move(external_url);
  environment.limits = limits;
  environment.timestamp_ms = absl::ToUnixMillis(eval_time);
  const auto queries = std::make_shared<TemplateQueries>(view, environment.timestamp_ms, options);
  environment.query = [queries](const std::string& expr) { return queries->Run(expr); };
  return environment;
}

}  // namespace sloburn::rules
