// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/value.h"

#include <utility>

namespace sloburn::rules {
namespace {

struct TypeFacts {
  GoKind kind;
  std::string_view name;
};

// By GoType.
constexpr TypeFacts kTypes[] = {
    {GoKind::kInvalid, "<nil>"},
    {GoKind::kBool, "bool"},
    {GoKind::kInt, "int"},
    {GoKind::kInt, "int32"},
    {GoKind::kInt, "int64"},
    {GoKind::kInt, "time.Duration"},
    {GoKind::kInt, "time.Month"},
    {GoKind::kInt, "time.Weekday"},
    {GoKind::kUint, "uint8"},
    {GoKind::kUint, "uint32"},
    {GoKind::kUint, "uint64"},
    {GoKind::kUint, "histogram.CounterResetHint"},
    {GoKind::kFloat, "float64"},
    {GoKind::kComplex, "complex128"},
    {GoKind::kString, "string"},
    {GoKind::kString, "template.HTML"},
    {GoKind::kMap, "map[string]string"},
    {GoKind::kMap, "map[string]interface {}"},
    {GoKind::kSlice, "[]float64"},
    {GoKind::kSlice, "[]histogram.Span"},
    {GoKind::kSlice, "template.queryResult"},
    {GoKind::kStruct, "template.sample"},
    {GoKind::kStruct, "histogram.FloatHistogram"},
    {GoKind::kStruct, "histogram.Span"},
    {GoKind::kStruct, "time.Time"},
    {GoKind::kStruct, "time.Location"},
    {GoKind::kStruct,
     "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; "
     "Value interface {} }"},
};

const TypeFacts& FactsOf(GoType type) { return kTypes[static_cast<size_t>(type)]; }

}  // namespace

Value Value::Bool(bool value) { return Int(value ? 1 : 0, GoType::kBool); }

Value Value::Int(int64_t value, GoType type) {
  Value result;
  result.type_ = type;
  result.integer_ = value;
  return result;
}

Value Value::Float(double value) {
  Value result;
  result.type_ = GoType::kFloat64;
  result.number_ = value;
  return result;
}

Value Value::Object(GoType type, std::shared_ptr<const void> object) {
  Value result;
  result.type_ = type;
  result.object_ = std::move(object);
  return result;
}

Value Value::Complex(std::complex<double> value) {
  return Object(GoType::kComplex128, std::make_shared<const std::complex<double>>(value));
}

Value Value::String(std::string value, GoType type) {
  Value result;
  result.type_ = type;
  const auto owned = std::make_shared<const std::string>(std::move(value));
  result.text_ = *owned;
  result.object_ = owned;
  return result;
}

Value Value::View(std::string_view value) {
  Value result;
  result.type_ = GoType::kString;
  result.text_ = value;
  return result;
}

Value Value::Part(std::string_view text, const Value& whole) {
  Value result = View(text);
  result.object_ = whole.object_;
  return result;
}

Value Value::StringMap(std::shared_ptr<const Labels> labels) {
  return Object(GoType::kStringMap, std::move(labels));
}

Value Value::Map(std::shared_ptr<const ArgsMap> map) {
  return Object(GoType::kMap, std::move(map));
}

Value Value::Floats(std::vector<double> values) {
  return Object(GoType::kFloats, std::make_shared<const std::vector<double>>(std::move(values)));
}

Value Value::Spans(std::shared_ptr<const std::vector<BucketSpan>> spans) {
  return Object(GoType::kSpans, std::move(spans));
}

Value Value::Span(std::shared_ptr<const BucketSpan> span) {
  return Object(GoType::kSpan, std::move(span));
}

Value Value::Samples(std::shared_ptr<TemplateSamples> samples) {
  return Object(GoType::kSamples, std::move(samples));
}

Value Value::Sample(TemplateSamplePtr sample) {
  return Object(GoType::kSample, std::move(sample)).Pointer();
}

Value Value::OfHistogram(HistogramPtr histogram) {
  return Object(GoType::kHistogram, std::move(histogram)).Pointer();
}

Value Value::Time(GoTime time) {
  return Object(GoType::kTime, std::make_shared<const GoTime>(time));
}

Value Value::Data(const TemplateData* data) {
  return Object(GoType::kData, std::shared_ptr<const void>(std::shared_ptr<const void>(), data));
}

Value Value::Nil(GoType type) {
  Value result;
  result.type_ = type;
  result.is_pointer_ = type == GoType::kSample || type == GoType::kLocation;
  return result;
}

Value Value::Pointer() const {
  Value result = *this;
  result.is_pointer_ = true;
  return result;
}

Value Value::Pointee() const {
  Value result = *this;
  result.is_pointer_ = false;
  return result;
}

Value Value::Interface() const {
  Value result = *this;
  result.is_interface_ = true;
  return result;
}

Value Value::Unwrapped() const {
  Value result = *this;
  result.is_interface_ = false;
  return result;
}

const TemplateSamples& Value::samples() const {
  static const TemplateSamples* const kNone = new TemplateSamples;
  return is_null() ? *kNone : *As<TemplateSamples>();
}

std::shared_ptr<TemplateSamples> Value::shared_samples() const {
  // Lists of samples are made as such and change their order only.
  return std::const_pointer_cast<TemplateSamples>(
      std::static_pointer_cast<const TemplateSamples>(object_));
}

GoKind KindOf(const Value& value) {
  if (value.is_interface()) return GoKind::kInterface;
  return value.is_pointer() ? GoKind::kPointer : FactsOf(value.type()).kind;
}

bool IsSignedInteger(GoType type) { return FactsOf(type).kind == GoKind::kInt; }
bool IsUnsignedInteger(GoType type) { return FactsOf(type).kind == GoKind::kUint; }

std::string TypeName(const Value& value) {
  if (value.is_interface()) return "interface {}";
  const std::string name(FactsOf(value.type()).name);
  return value.is_pointer() ? "*" + name : name;
}

bool IsTrue(const Value& value) {
  if (value.is_pointer()) return !value.is_null();
  switch (FactsOf(value.type()).kind) {
    case GoKind::kInvalid:
      return false;
    case GoKind::kBool:
    case GoKind::kInt:
    case GoKind::kUint:
      return value.integer() != 0;
    case GoKind::kFloat:
      return value.number() != 0;
    case GoKind::kComplex:
      return value.complex() != std::complex<double>();
    case GoKind::kString:
    case GoKind::kMap:
    case GoKind::kSlice:
      return LengthOf(value) > 0;
    default:
      return true;
  }
}

int64_t LengthOf(const Value& value) {
  switch (value.type()) {
    case GoType::kStringMap:
      return static_cast<int64_t>(value.labels().size());
    case GoType::kMap:
      return static_cast<int64_t>(value.map().entries.size());
    case GoType::kFloats:
      return static_cast<int64_t>(value.floats().size());
    case GoType::kSpans:
      return static_cast<int64_t>(value.spans().size());
    case GoType::kSamples:
      return static_cast<int64_t>(value.samples().size());
    default:
      return static_cast<int64_t>(value.text().size());
  }
}

Value ElementAt(const Value& value, int64_t index) {
  switch (value.type()) {
    case GoType::kFloats:
      return Value::Float(value.floats()[index]);
    case GoType::kSpans:
      return Value::Span(value.Share(&value.spans()[index]));
    case GoType::kSamples:
      return Value::Sample(value.samples()[index]);
    default:
      return Value::Int(static_cast<unsigned char>(value.text()[index]), GoType::kUint8);
  }
}

Value ValueOf(const TemplateSample& sample) {
  return sample.histogram == nullptr ? Value::Float(sample.value)
                                     : Value::OfHistogram(sample.histogram);
}

}  // namespace sloburn::rules
