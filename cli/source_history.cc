// SPDX-License-Identifier: Apache-2.0
#include "cli/source_history.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "base/status_macros.h"
#include "cli/http_options.h"
#include "engine/model/label_builder.h"
#include "engine/remote/query_api.h"

namespace sloburn::cli {
namespace {

// Below the lookback of five minutes, and above the interval of most groups.
constexpr int64_t kEndedAfterMs = 4 * 60'000;
// Alerts that end together need one question.
constexpr size_t kMaxQuestions = 50;

Labels WithoutExternal(const Labels& labels, const std::map<std::string, std::string>& external) {
  LabelBuilder builder(labels);
  for (const auto& [name, value] : external) {
    if (labels.Get(name) == value) builder.Delete(name);
  }
  return builder.Build();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SourceAlertHistory>> SourceAlertHistory::Create(
    const SourceConfig& config, ExternalLabels external_labels) {
  ASSIGN_OR_RETURN(auto client, remote::HttpClient::Create(ToHttpOptions(
                                    config.url, config.http, config.headers, config.timeout)));
  return std::unique_ptr<SourceAlertHistory>(
      new SourceAlertHistory(std::move(client), std::move(external_labels)));
}

absl::StatusOr<std::vector<SeriesSamples>> SourceAlertHistory::Read(const Matchers& matchers,
                                                                    int64_t from_ms,
                                                                    int64_t to_ms) {
  remote::QueryApi api(client_.get());
  const std::string selector = SelectorText(matchers);
  ASSIGN_OR_RETURN(remote::QueryAnswer answer,
                   api.RangeSelector(selector, to_ms - from_ms + 1, to_ms));
  auto* const found = std::get_if<Matrix>(&answer.value);
  if (found == nullptr) return absl::InvalidArgumentError("the source gave no matrix");
  std::set<int64_t> questions;
  for (const SeriesSamples& series : *found) {
    if (series.samples.empty()) continue;
    questions.insert(std::min(to_ms, series.samples.back().timestamp_ms + kEndedAfterMs));
  }
  // By the time of the question: the series that had not ended.
  std::set<std::pair<int64_t, Labels>> alive;
  while (questions.size() > kMaxQuestions) questions.erase(questions.begin());
  for (const int64_t time_ms : questions) {
    ASSIGN_OR_RETURN(const remote::QueryAnswer then, api.Instant(selector, time_ms));
    if (const auto* const vector = std::get_if<InstantVector>(&then.value)) {
      for (const SeriesSample& sample : *vector) alive.insert({time_ms, sample.labels});
    }
  }
  const std::map<std::string, std::string> external = external_labels_();
  std::vector<SeriesSamples> result;
  for (SeriesSamples& series : *found) {
    if (series.samples.empty()) continue;
    const int64_t time_ms = std::min(to_ms, series.samples.back().timestamp_ms + kEndedAfterMs);
    if (alive.count({time_ms, series.labels}) == 0) continue;
    SeriesSamples stripped{WithoutExternal(series.labels, external), series.samples};
    if (stripped.labels != series.labels) result.push_back(std::move(stripped));
    result.push_back(std::move(series));
  }
  return result;
}

}  // namespace sloburn::cli
