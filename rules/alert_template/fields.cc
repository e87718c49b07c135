// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/fields.h"

namespace sloburn::rules {
namespace {

// A part of `whole` that lives as long as that.
Value LabelsWithin(const Labels& labels, const Value& whole) {
  return Value::StringMap(whole.Share(&labels));
}

std::optional<Value> FieldOfData(const Value& receiver, std::string_view name) {
  const TemplateData& data = receiver.data();
  if (name == "Labels") return LabelsWithin(data.labels, receiver);
  if (name == "ExternalLabels") return LabelsWithin(data.external_labels, receiver);
  if (name == "ExternalURL") return Value::View(data.external_url);
  if (name == "Value") return data.value.Interface();
  return std::nullopt;
}

std::optional<Value> FieldOfSample(const Value& receiver, std::string_view name) {
  if (name == "Labels") return LabelsWithin(receiver.sample().labels, receiver);
  if (name == "Value") return ValueOf(receiver.sample()).Interface();
  return std::nullopt;
}

std::optional<Value> FieldOfHistogram(const Histogram& histogram, std::string_view name) {
  if (name == "Count") return Value::Float(histogram.count);
  if (name == "Sum") return Value::Float(histogram.sum);
  if (name == "Schema") return Value::Int(histogram.schema, GoType::kInt32);
  if (name == "ZeroCount") return Value::Float(histogram.zero_count);
  if (name == "ZeroThreshold") return Value::Float(histogram.zero_threshold);
  if (name == "PositiveBuckets") return Value::Floats(histogram.positive.counts);
  if (name == "NegativeBuckets") return Value::Floats(histogram.negative.counts);
  if (name == "CustomValues") return Value::Floats(histogram.custom_values);
  if (name == "CounterResetHint") {
    return Value::Int(static_cast<int64_t>(histogram.reset_hint), GoType::kResetHint);
  }
  return std::nullopt;
}

}  // namespace

std::optional<Value> FieldOf(const Value& receiver, std::string_view name) {
  switch (receiver.type()) {
    case GoType::kData: return FieldOfData(receiver, name);
    case GoType::kSample: return FieldOfSample(receiver, name);
    case GoType::kHistogram: return FieldOfHistogram(receiver.histogram(), name);
    case GoType::kStringMap: return Value::Part(receiver.labels().Get(name), receiver);
    case GoType::kMap: {
      const auto found = receiver.map().entries.find(name);
      return (found == receiver.map().entries.end() ? Value() : found->second).Interface();
    }
    default: return std::nullopt;
  }
}

}  // namespace sloburn::rules
