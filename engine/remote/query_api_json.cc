// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <bit>
#include <cmath>
#include <optional>

#include "absl/strings/match.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/remote/query_api.h"

namespace sloburn::remote {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

absl::Status NotAnAnswer(std::string_view what) {
  return absl::DataLossError(StrCat("the answer is not one of the query API: ", what));
}

// Seconds to the nearest millisecond; nullopt where that is not a time.
std::optional<int64_t> ToMilliseconds(double seconds) {
  const double ms = std::round(seconds * 1000);
  if (!(std::abs(ms) < 9e18)) return std::nullopt;
  return static_cast<int64_t>(ms);
}

// [seconds, "value"]
absl::StatusOr<Sample> ReadSample(element pair) {
  array items;
  if (pair.get(items) != simdjson::SUCCESS || items.size() != 2) {
    return NotAnAnswer("a sample is not a pair");
  }
  double seconds = 0;
  std::string_view text;
  if (items.at(0).get(seconds) != simdjson::SUCCESS || items.at(1).get(text) != simdjson::SUCCESS) {
    return NotAnAnswer("a sample is not [time, \"value\"]");
  }
  const std::optional<int64_t> time_ms = ToMilliseconds(seconds);
  std::optional<double> value = ParseGoFloat(text);
  if (!time_ms || !value) return NotAnAnswer(StrCat("bad sample value ", ServerWords(text, 64)));
  // The text has no payload: give the NaN that Prometheus itself makes.
  if (std::isnan(*value)) value = NormalNan();
  return Sample{*time_ms, *value};
}

absl::StatusOr<Labels> ReadLabels(element metric) {
  object pairs;
  if (metric.get(pairs) != simdjson::SUCCESS) return NotAnAnswer("a metric is not an object");
  std::vector<Label> labels;
  for (const auto field : pairs) {
    std::string_view value;
    if (field.value.get(value) != simdjson::SUCCESS) {
      return NotAnAnswer("a label is not a string");
    }
    labels.push_back({std::string(field.key), std::string(value)});
  }
  return Labels::FromPairs(std::move(labels));
}

absl::Status ReadMatrix(array rows, QueryAnswer& answer) {
  Matrix matrix;
  for (const element row : rows) {
    object fields;
    element metric, values;
    if (row.get(fields) != simdjson::SUCCESS || fields["metric"].get(metric)) {
      return NotAnAnswer("a series has no metric");
    }
    ASSIGN_OR_RETURN(Labels labels, ReadLabels(metric));
    if (fields["histograms"].error() == simdjson::SUCCESS) {
      answer.histogram_series.push_back(labels);
    }
    array samples;
    if (fields["values"].get(values) != simdjson::SUCCESS) continue;  // histograms only
    if (values.get(samples) != simdjson::SUCCESS) return NotAnAnswer("values is not a list");
    SeriesSamples series{std::move(labels), {}};
    series.samples.reserve(samples.size());
    for (const element pair : samples) {
      ASSIGN_OR_RETURN(const Sample sample, ReadSample(pair));
      series.samples.push_back(sample);
    }
    matrix.push_back(std::move(series));
  }
  answer.value = std::move(matrix);
  return absl::OkStatus();
}

absl::Status ReadVector(array rows, QueryAnswer& answer) {
  InstantVector vector;
  for (const element row : rows) {
    object fields;
    element metric, value;
    if (row.get(fields) != simdjson::SUCCESS || fields["metric"].get(metric)) {
      return NotAnAnswer("a series has no metric");
    }
    ASSIGN_OR_RETURN(Labels labels, ReadLabels(metric));
    if (fields["value"].get(value) != simdjson::SUCCESS) {
      if (fields["histogram"].error() != simdjson::SUCCESS) {
        return NotAnAnswer("a series has no value");
      }
      answer.histogram_series.push_back(std::move(labels));
      continue;
    }
    ASSIGN_OR_RETURN(const Sample sample, ReadSample(value));
    vector.push_back({std::move(labels), sample.timestamp_ms, sample.value});
  }
  answer.value = std::move(vector);
  return absl::OkStatus();
}

absl::Status ReadString(element result, QueryAnswer& answer) {
  array items;
  double seconds = 0;
  std::string_view text;
  if (result.get(items) != simdjson::SUCCESS || items.size() != 2 ||
      items.at(0).get(seconds) != simdjson::SUCCESS || items.at(1).get(text) != simdjson::SUCCESS) {
    return NotAnAnswer("a string is not [time, \"text\"]");
  }
  answer.value = StringResult{ToMilliseconds(seconds).value_or(0), std::string(text)};
  return absl::OkStatus();
}

absl::Status ReadResult(element data, QueryAnswer& answer) {
  std::string_view type;
  element result;
  if (data["resultType"].get(type) != simdjson::SUCCESS ||
      data["result"].get(result) != simdjson::SUCCESS) {
    return NotAnAnswer("no resultType or no result");
  }
  if (type == "scalar") {
    ASSIGN_OR_RETURN(const Sample sample, ReadSample(result));
    answer.value = ScalarResult{sample.timestamp_ms, sample.value};
    return absl::OkStatus();
  }
  if (type == "string") return ReadString(result, answer);
  array rows;
  if (result.get(rows) != simdjson::SUCCESS) return NotAnAnswer("the result is not a list");
  if (type == "matrix") return ReadMatrix(rows, answer);
  if (type == "vector") return ReadVector(rows, answer);
  return NotAnAnswer(StrCat("unknown resultType ", ServerWords(type, 64)));
}

// "" where there is no such text.
std::string_view TextOf(element root, const char* key) {
  std::string_view text;
  return root[key].get(text) == simdjson::SUCCESS ? text : "";
}

absl::Status ServerError(element root, int http_status) {
  const std::string_view type = TextOf(root, "errorType");
  const std::string_view words = TextOf(root, "error");
  const std::string text =
      StrCat(http_status, " ", ServerWords(type, 64), ": ", ServerWords(words));
  const bool is_limit = absl::StrContains(ToAbsl(words), "too many samples") ||
                        absl::StrContains(ToAbsl(words), "exceeded maximum resolution");
  if (is_limit) return absl::ResourceExhaustedError(text);
  if (type == "bad_data" || type == "not_acceptable") return absl::InvalidArgumentError(text);
  if (type == "timeout") return absl::DeadlineExceededError(text);
  if (type == "canceled") return absl::CancelledError(text);
  if (type == "internal" || type == "unavailable") return absl::UnavailableError(text);
  if (type == "not_found") return absl::NotFoundError(text);
  // VictoriaMetrics and others put the HTTP status here.
  if (type != "execution") {
    if (http_status >= 500 || http_status == 429) return absl::UnavailableError(text);
    if (http_status == 400) return absl::InvalidArgumentError(text);
  }
  return absl::FailedPreconditionError(text);
}

std::vector<std::string> ReadTexts(element root, const char* key) {
  std::vector<std::string> texts;
  array items;
  if (root[key].get(items) != simdjson::SUCCESS) return texts;
  for (const element item : items) {
    std::string_view text;
    if (item.get(text) == simdjson::SUCCESS) texts.emplace_back(ServerWords(text));
  }
  return texts;
}

absl::StatusOr<QueryAnswer> Parse(std::string_view body, int http_status) {
  simdjson::dom::parser parser;
  element root;
  if (const auto error = parser.parse(body.data(), body.size()).get(root); error) {
    const std::string words = ServerWords(body, 160);
    return NotAnAnswer(
        StrCat(simdjson::error_message(error), " (HTTP ", http_status, "): ", words));
  }
  std::string_view status;
  if (!root.is_object() || root["status"].get(status) != simdjson::SUCCESS) {
    return NotAnAnswer(StrCat("JSON without a status (HTTP ", http_status, ")"));
  }
  if (status == "error") return ServerError(root, http_status);
  element data;
  if (status != "success" || root["data"].get(data) != simdjson::SUCCESS || !data.is_object()) {
    return NotAnAnswer("no data");
  }
  QueryAnswer answer;
  RETURN_IF_ERROR(ReadResult(data, answer));
  answer.warnings = ReadTexts(root, "warnings");
  answer.infos = ReadTexts(root, "infos");
  return answer;
}

}  // namespace

absl::StatusOr<QueryAnswer> ParseQueryAnswer(std::string_view body, int http_status) {
  try {
    return Parse(body, http_status);
  } catch (const std::exception& error) {
    return absl::ResourceExhaustedError(StrCat("reading the answer: ", error.what()));
  }
}

}  // namespace sloburn::remote
