// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/query_print.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "absl/strings/str_format.h"
#include "base/float_text.h"
#include "base/str_cat.h"
#include "engine/model/labels.h"

namespace sloburn::cli {
namespace {

using nlohmann::json;

// The functions below throw what PrintResult catches.

double ToFloat(const json& text) {
  const std::optional<double> value = ParseGoFloat(text.get<std::string>());
  if (!value) throw std::invalid_argument(StrCat("\"", text.get<std::string>(), "\" is no number"));
  return *value;
}

std::string Float(const json& text) { return FormatFloatF(ToFloat(text)); }

std::string Time(const json& seconds) {
  return StrCat("@[", FormatFloatF(std::round(seconds.get<double>() * 1000) / 1000), "]");
}

std::string Series(const json& metric) {
  std::vector<Label> labels;
  for (const auto& [name, value] : metric.items()) {
    labels.push_back({name, value.get<std::string>()});
  }
  return Labels::FromPairs(std::move(labels)).ToString();
}

// Go's %f.
std::string FixedFloat(double value) {
  return std::isfinite(value) ? absl::StrFormat("%f", value) : FormatFloatF(value);
}

// [which bounds belong to it, lower, upper, count]
std::string Bucket(const json& bucket) {
  const int bounds = bucket.at(0).get<int>();
  const bool has_lower = bounds == 1 || bounds == 3;
  const bool has_upper = bounds == 0 || bounds == 3;
  return StrCat(has_lower ? "[" : "(", Float(bucket.at(1)), ",", Float(bucket.at(2)),
                has_upper ? "]" : ")", ":", Float(bucket.at(3)));
}

std::string Histogram(const json& histogram) {
  std::string buckets;
  if (const auto found = histogram.find("buckets"); found != histogram.end()) {
    for (const json& bucket : *found) {
      StrAppend(&buckets, buckets.empty() ? "" : " ", Bucket(bucket));
    }
  }
  return StrCat("Count: ", FixedFloat(ToFloat(histogram.at("count"))),
                ", Sum: ", FixedFloat(ToFloat(histogram.at("sum"))), ", Buckets: [", buckets, "]");
}

void PrintVector(const json& rows, std::string& out) {
  for (const json& row : rows) {
    const bool is_float = row.contains("value");
    const json& pair = row.at(is_float ? "value" : "histogram");
    StrAppend(&out, Series(row.at("metric")), " => ",
              is_float ? Float(pair.at(1)) : Histogram(pair.at(1)), " ", Time(pair.at(0)), "\n");
  }
}

void PrintMatrix(const json& rows, std::string& out) {
  for (const json& row : rows) {
    StrAppend(&out, Series(row.at("metric")), " =>\n");
    for (const json& pair : row.value("values", json::array())) {
      StrAppend(&out, Float(pair.at(1)), " ", Time(pair.at(0)), "\n");
    }
    for (const json& pair : row.value("histograms", json::array())) {
      StrAppend(&out, Histogram(pair.at(1)), " ", Time(pair.at(0)), "\n");
    }
  }
}

std::string Print(const json& data) {
  const std::string type = data.at("resultType").get<std::string>();
  const json& result = data.at("result");
  std::string out;
  if (type == "scalar") {
    StrAppend(&out, "scalar: ", Float(result.at(1)), " ", Time(result.at(0)), "\n");
  } else if (type == "string") {
    StrAppend(&out, result.at(1).get<std::string>(), "\n");
  } else if (type == "vector") {
    PrintVector(result, out);
  } else if (type == "matrix") {
    PrintMatrix(result, out);
  } else {
    throw std::invalid_argument(StrCat("unknown resultType ", type));
  }
  return out;
}

}  // namespace

absl::StatusOr<std::string> PrintResult(std::string_view answer) {
  try {
    return Print(json::parse(answer).at("data"));
  } catch (const std::exception& error) {
    return absl::DataLossError(StrCat("the server's answer cannot be read: ", error.what()));
  }
}

}  // namespace sloburn::cli
