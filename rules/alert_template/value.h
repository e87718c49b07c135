// SPDX-License-Identifier: Apache-2.0
// A value in a template, with the Go type it has in Prometheus, since Go's messages, comparisons
// and verbs depend on it.
//
//   Value text = Value::String("abc");
//   if (IsTrue(text)) ...
//
// Values are small and cheap to copy: what is large is shared and does not change, but for the
// order of a list of samples, which sortByLabel changes for all who hold it, as Go's slices do.
// The string of Value::View() must outlive the value and its copies.
// Threads: values of one expansion belong to one thread.
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "engine/model/histogram.h"
#include "engine/model/labels.h"
#include "engine/model/sample.h"

namespace sloburn::rules {

enum class GoType : uint8_t {
  kNone,  // nil, or what is missing
  kBool,
  kInt,
  kInt32,
  kInt64,
  kDuration,
  kMonth,
  kWeekday,
  kUint8,
  kUint32,
  kUint64,
  kResetHint,
  kFloat64,
  kComplex128,
  kString,
  kHtml,
  kStringMap,  // of labels
  kMap,        // of args
  kFloats,
  kSpans,
  kSamples,  // what query gives
  kSample,
  kHistogram,
  kSpan,
  kTime,
  kLocation,
  kData,  // what "." is at first
};

// What reflect.Kind tells apart.
enum class GoKind : uint8_t {
  kInvalid,
  kBool,
  kInt,
  kUint,
  kFloat,
  kComplex,
  kString,
  kMap,
  kSlice,
  kStruct,
  kPointer,
  kInterface
};

class Value;

struct TemplateSample {
  Labels labels;
  double value = 0;
  HistogramPtr histogram;  // when set, this is the value
};
using TemplateSamplePtr = std::shared_ptr<const TemplateSample>;
using TemplateSamples = std::vector<TemplateSamplePtr>;

struct GoTime {
  absl::Time time;
  absl::TimeZone zone;
};

struct ArgsMap;
struct TemplateData;

class Value {
 public:
  Value() = default;  // nil

  static Value Bool(bool value);
  static Value Int(int64_t value, GoType type = GoType::kInt);  // any type of integers
  static Value Float(double value);
  static Value Complex(std::complex<double> value);
  static Value String(std::string value, GoType type = GoType::kString);
  static Value View(std::string_view value);
  static Value Part(std::string_view text, const Value& whole);  // text within what `whole` holds
  static Value StringMap(std::shared_ptr<const Labels> labels);
  static Value Map(std::shared_ptr<const ArgsMap> map);
  static Value Floats(std::vector<double> values);
  static Value Spans(std::shared_ptr<const std::vector<BucketSpan>> spans);
  static Value Span(std::shared_ptr<const BucketSpan> span);
  static Value Samples(std::shared_ptr<TemplateSamples> samples);
  static Value Sample(TemplateSamplePtr sample);     // a pointer, as in Go
  static Value OfHistogram(HistogramPtr histogram);  // likewise
  static Value Time(GoTime time);
  // `data` must outlive the value and its copies.
  static Value Data(const TemplateData* data);
  // The nil of a type that has one.
  static Value Nil(GoType type);

  Value Pointer() const;    // to this value
  Value Pointee() const;    // REQUIRES: is_pointer()
  Value Interface() const;  // held by an interface{}

  GoType type() const { return type_; }
  bool is_nil() const { return type_ == GoType::kNone; }
  bool is_pointer() const { return is_pointer_; }
  bool is_interface() const { return is_interface_; }
  // Whether the pointer, map or list is Go's nil of its type.
  bool is_null() const { return object_ == nullptr && type_ != GoType::kDuration; }

  // Each requires the type of its name.
  bool boolean() const { return integer_ != 0; }
  int64_t integer() const { return integer_; }
  uint64_t unsigned_integer() const { return static_cast<uint64_t>(integer_); }
  double number() const { return number_; }
  std::complex<double> complex() const { return *As<std::complex<double>>(); }
  std::string_view text() const { return text_; }
  const Labels& labels() const { return *As<Labels>(); }
  const ArgsMap& map() const { return *As<ArgsMap>(); }
  const std::vector<double>& floats() const { return *As<std::vector<double>>(); }
  const std::vector<BucketSpan>& spans() const { return *As<std::vector<BucketSpan>>(); }
  const BucketSpan& span() const { return *As<BucketSpan>(); }
  const TemplateSamples& samples() const;  // also of nil
  std::shared_ptr<TemplateSamples> shared_samples() const;
  const TemplateSample& sample() const { return *As<TemplateSample>(); }
  const Histogram& histogram() const { return *As<Histogram>(); }
  const GoTime& time() const { return *As<GoTime>(); }
  const TemplateData& data() const { return *As<TemplateData>(); }
  const void* address() const { return object_.get(); }
  // A pointer to `part` of what this value holds, that keeps it.
  template <typename T>
  std::shared_ptr<const T> Share(const T* part) const {
    return std::shared_ptr<const T>(object_, part);
  }

  // Without the mark of an interface{}.
  Value Unwrapped() const;

 private:
  template <typename T>
  const T* As() const {
    return static_cast<const T*>(object_.get());
  }

  static Value Object(GoType type, std::shared_ptr<const void> object);

  GoType type_ = GoType::kNone;
  bool is_pointer_ = false;
  bool is_interface_ = false;
  union {
    int64_t integer_ = 0;
    double number_;
  };
  std::string_view text_;
  std::shared_ptr<const void> object_;
};

struct ArgsMap {
  std::map<std::string, Value, std::less<>> entries;
  int depth = 1;  // of maps in maps
};

// The fields of "." before any {{with}} or {{range}}.
struct TemplateData {
  Labels labels;
  Labels external_labels;
  std::string external_url;
  Value value;
};

GoKind KindOf(const Value& value);
bool IsSignedInteger(GoType type);
bool IsUnsignedInteger(GoType type);

// "map[string]string", "*template.sample"; "interface {}" for what an interface{} holds.
std::string TypeName(const Value& value);

// Not zero, not empty, not nil.
bool IsTrue(const Value& value);

// Elements of lists and bytes of strings; entries of maps.
// REQUIRES: KindOf is kString, kSlice or kMap.
int64_t LengthOf(const Value& value);
// REQUIRES: KindOf is kString or kSlice, and the index is within.
Value ElementAt(const Value& value, int64_t index);

// What the fields of a sample hold.
Value ValueOf(const TemplateSample& sample);

}  // namespace sloburn::rules
