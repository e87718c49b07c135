// SPDX-License-Identifier: Apache-2.0
// Expands templates for tests against promtool: a JSON object on standard input, a JSON list of
// {"error", "text"} on standard output; `error` is the parse error or "".
//
//   {"timestamp_ms": 60000, "external_url": "http://x", "external_labels": {"a": "b"},
//    "series": [{"labels": {...}, "value": "1.5", "histogram": "{{...}}"}],
//    "templates": [{"alert": "A", "series": 0, "text": "{{ $value }}"}]}
//
// The series are what `query` sees, and `series` of a template tells which is the alert's element.
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/float_text.h"
#include "engine/engine.h"
#include "engine/model/histogram_text.h"
#include "engine/storage/memory_storage.h"
#include "rules/alert_template/alert_template.h"

namespace sloburn::rules {
namespace {

Labels ReadLabels(const nlohmann::json& json) {
  std::vector<Label> pairs;
  for (const auto& [name, value] : json.items()) pairs.push_back({name, value.get<std::string>()});
  return Labels::FromPairs(std::move(pairs));
}

std::vector<SeriesSample> ReadSeries(const nlohmann::json& input, int64_t timestamp_ms) {
  std::vector<SeriesSample> series;
  for (const auto& one : input["series"]) {
    SeriesSample sample{ReadLabels(one["labels"]), timestamp_ms, 0, nullptr};
    if (one.contains("histogram")) {
      const auto text = ParseTestExpression(one["histogram"].get<std::string>());
      CHECK(text.ok());
      sample.histogram = std::make_shared<const Histogram>(text->histogram);
    } else {
      sample.value = ParseGoFloat(one["value"].get<std::string>()).value();
    }
    series.push_back(std::move(sample));
  }
  return series;
}

void Store(const std::vector<SeriesSample>& series, MemoryStorage& storage) {
  const std::unique_ptr<Appender> appender = storage.NewAppender();
  for (const SeriesSample& one : series) {
    CHECK((one.histogram == nullptr
               ? appender->Append(one.labels, one.timestamp_ms, one.value)
               : appender->AppendHistogram(one.labels, one.timestamp_ms, one.histogram))
              .ok());
  }
  CHECK(appender->Commit().ok());
}

nlohmann::json Expand(const nlohmann::json& input) {
  TemplateEnvironment environment;
  environment.timestamp_ms = input["timestamp_ms"].get<int64_t>();
  environment.external_url = input["external_url"].get<std::string>();
  environment.external_labels = ReadLabels(input["external_labels"]);
  const std::vector<SeriesSample> series = ReadSeries(input, environment.timestamp_ms);
  MemoryStorage storage;
  Store(series, storage);
  const auto snapshot = storage.TakeSnapshot();
  environment.query = [&](const std::string& expr) -> absl::StatusOr<QueryValue> {
    const engine::QueryOptions options;
    const auto query = engine::Prepare(expr, options);
    if (!query.ok()) return query.status();
    auto result =
        engine::Execute(*query, *snapshot, TimeRange::Instant(environment.timestamp_ms), options);
    if (!result.ok()) return result.status();
    return std::move(result->value);
  };
  nlohmann::json output = nlohmann::json::array();
  for (const auto& one : input["templates"]) {
    const AlertTemplate parsed(one["alert"].get<std::string>(), one["text"].get<std::string>());
    const TemplateData data = MakeTemplateData(series.at(one["series"].get<size_t>()), environment);
    output.push_back({{"error", std::string(parsed.status().message())},
                      {"text", parsed.Expand(data, environment).value()}});
  }
  return output;
}

}  // namespace
}  // namespace sloburn::rules

int main() {
  const auto output = sloburn::rules::Expand(nlohmann::json::parse(std::cin));
  std::cout << output.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}
