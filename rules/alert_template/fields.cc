// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/fields.h"

namespace sloburn::rules {
namespace {

constexpr int64_t kYearOne = -62135596800;  // where Go's seconds begin

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

std::optional<Value> FieldOfHistogram(const Value& receiver, std::string_view name) {
  const Histogram& histogram = receiver.histogram();
  if (name == "PositiveSpans") return Value::Spans(receiver.Share(&histogram.positive.spans));
  if (name == "NegativeSpans") return Value::Spans(receiver.Share(&histogram.negative.spans));
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

std::optional<Value> FieldOfSpan(const BucketSpan& span, std::string_view name) {
  if (name == "Offset") return Value::Int(span.offset, GoType::kInt32);
  if (name == "Length") return Value::Int(span.length, GoType::kUint32);
  return std::nullopt;
}

constexpr std::string_view kDataFields[] = {"Labels", "ExternalLabels", "ExternalURL", "Value"};
constexpr std::string_view kSampleFields[] = {"Labels", "Value"};
constexpr std::string_view kHistogramFields[] = {
    "CounterResetHint", "Schema",        "ZeroThreshold",   "ZeroCount",       "Count",       "Sum",
    "PositiveSpans",    "NegativeSpans", "PositiveBuckets", "NegativeBuckets", "CustomValues"};
constexpr std::string_view kSpanFields[] = {"Offset", "Length"};
constexpr std::string_view kTimeFields[] = {"wall", "ext", "loc"};

}  // namespace

std::optional<Value> FieldOf(const Value& receiver, std::string_view name) {
  switch (receiver.type()) {
    case GoType::kData:
      return FieldOfData(receiver, name);
    case GoType::kSample:
      return FieldOfSample(receiver, name);
    case GoType::kHistogram:
      return FieldOfHistogram(receiver, name);
    case GoType::kSpan:
      return FieldOfSpan(receiver.span(), name);
    case GoType::kStringMap:
      return Value::Part(receiver.labels().Get(name), receiver);
    case GoType::kMap: {
      const auto found = receiver.map().entries.find(name);
      return (found == receiver.map().entries.end() ? Value() : found->second).Interface();
    }
    default:
      return std::nullopt;
  }
}

std::optional<Value> HiddenFieldOf(const Value& receiver, std::string_view name) {
  if (receiver.type() != GoType::kTime) return std::nullopt;
  const absl::Duration since = receiver.time().time - absl::FromUnixSeconds(kYearOne);
  const int64_t seconds = absl::ToInt64Seconds(absl::Floor(since, absl::Seconds(1)));
  if (name == "wall") {
    const absl::Duration rest = since - absl::Seconds(seconds);
    return Value::Int(absl::ToInt64Nanoseconds(rest), GoType::kUint64);
  }
  if (name == "ext") return Value::Int(seconds, GoType::kInt64);
  if (name == "loc") return Value::Nil(GoType::kLocation);
  return std::nullopt;
}

std::span<const std::string_view> FieldNamesOf(GoType type) {
  switch (type) {
    case GoType::kData:
      return kDataFields;
    case GoType::kSample:
      return kSampleFields;
    case GoType::kHistogram:
      return kHistogramFields;
    case GoType::kSpan:
      return kSpanFields;
    case GoType::kTime:
      return kTimeFields;
    default:
      return {};
  }
}

}  // namespace sloburn::rules
