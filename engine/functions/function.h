// SPDX-License-Identifier: Apache-2.0
// A PromQL function: one row with its signature and its implementation.
//
// A family (rate.cc, math.cc, ...) defines its functions and, right below, a constexpr array of
// rows; catalog.cc lists the families. Nothing else in the code base names a function.
// Numeric kernels follow Prometheus' promql/functions.go operation by operation, so that results
// are equal to the last bit. All functions here are pure and may run on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "engine/model/sample.h"
#include "engine/model/window_facts.h"

namespace sloburn::engine {

enum class ValueType { kScalar, kString, kInstantVector, kRangeVector };

// "scalar", "string", "instant vector", "range vector": as error texts name them.
std::string_view TypeName(ValueType type);

// One float sample -> one float sample. `args` are the scalar arguments after the vector.
using PointFunction = double (*)(double value, const double* args);

// One native histogram -> one float sample.
using HistogramFunction = double (*)(const Histogram& histogram);

// The samples of one series inside one window (start_ms, end_ms], staleness markers removed.
struct Window {
  const int64_t* timestamps;
  const double* values;
  size_t size;          // > 0
  int64_t start_ms;     // exclusive
  int64_t end_ms;       // inclusive; start_ms + range
  int64_t eval_ms;      // the step's time, not shifted by offset and @
  // When each sample began to count, 0: unknown. Null: nothing is known, or not to be used.
  const int64_t* starts = nullptr;
};

// Writes the result and returns true, or returns false for no sample. `args` are the scalar
// arguments in the order of the signature (without the range vector).
using WindowFunction = bool (*)(const Window& window, const double* args, double* result);

// The windows of one series at all steps: that of step i is the one that ends, inclusive, at
// first_end_ms + i * step_ms. Staleness markers are removed; there may be no sample at all.
struct SeriesWindows {
  const int64_t* timestamps;
  const double* values;
  size_t size;
  size_t steps;
  int64_t first_end_ms;
  int64_t step_ms;  // 0: the same window at every step
  int64_t range_ms;
  // The scalar arguments of step i are at args + i * arg_count.
  const double* args;
  size_t arg_count;
  int64_t interval_ms;  // where it is known that samples are that far apart, otherwise 0
  bool may_have_resets;
};

// What a step has: values[i] is of no meaning where present[i] is 0, as it is at first.
struct StepValues {
  double* values;
  uint8_t* present;
};

// Equal, to the bit, to the function's WindowFunction called for every step whose window has a
// sample. Returns the size of the largest window.
using SeriesFunction = size_t (*)(const SeriesWindows& windows, StepValues out);

// Of facts about the window (start_ms, end_ms] instead of its samples; as WindowFunction otherwise.
// docs/exactness.md tells how equal the results are. REQUIRES: facts.count > 0.
using FactsFunction = bool (*)(const WindowFacts& facts, int64_t start_ms, int64_t end_ms,
                               double* result);

// What a function of a range vector noticed in a window; annotations are made of it.
enum WindowNote : uint32_t {
  kNoteMixed = 1 << 0,              // floats and histograms: no result
  kNoteHistogramsIgnored = 1 << 1,  // floats and histograms: result of the floats alone
  kNoteNotCounter = 1 << 2,
  kNoteNotGauge = 1 << 3,
  kNoteMixedSchemas = 1 << 4,       // exponential and custom buckets: no result
  kNoteResetCollision = 1 << 5,     // in an aggregation over time
  kNoteBoundsReconciledAdd = 1 << 6,
  kNoteBoundsReconciledSub = 1 << 7,
  kNoteBoundsReconciledAgg = 1 << 8,
  kNoteStartOverlap = 1 << 9,       // a sample began to count before the one before it
};

// A window of a series that holds histograms. Both kinds are in time order.
struct MixedWindow {
  Window floats;  // its size may be 0
  const int64_t* histogram_timestamps = nullptr;
  const HistogramPtr* histograms = nullptr;
  size_t histogram_size = 0;
  const int64_t* histogram_starts = nullptr;
};

// At most one of value and histogram.
struct WindowResult {
  bool has_value = false;
  double value = 0;
  HistogramPtr histogram = nullptr;
  uint32_t notes = 0;  // WindowNote

  void Set(double v) {
    has_value = true;
    value = v;
  }
};

// Called for windows with at least one histogram, and where start timestamps are known.
using MixedWindowFunction = void (*)(const MixedWindow& window, const double* args,
                                     WindowResult& result);

// Of a range selector with the modifier anchored or smoothed.
using ExtendedWindowFunction = void (*)(const MixedWindow& window, bool is_smoothed,
                                        WindowResult& result);

// Functions whose result depends on labels, on several series, or on time. Each has its operator
// in engine/exec.
enum class VectorFunction {
  kAbsent, kAbsentOverTime, kScalar, kVector, kTime, kPi, kTimestamp, kStartTimestamp,
  kSort, kSortDesc, kSortByLabel, kSortByLabelDesc, kLabelReplace, kLabelJoin,
  kQueryStart, kQueryEnd, kQueryRange, kQueryStep,
  kScalarFunction,  // the point function of scalars only
  kHistogramQuantile, kHistogramQuantiles, kHistogramFraction, kNativeHistogram, kInfo,
  // vector(time()) when called without an argument, then the point function:
  kDatePart,
  kClamp,        // whole result empty when max < min
};

struct FunctionRow {
  std::string_view name;
  ValueType args[5];      // the declared argument types
  int arg_count;          // how many of them
  // 0: exactly arg_count. n > 0: the last n may be left out. -1: the last repeats, zero or more
  // times (Prometheus' `variadic`).
  int variadic;
  ValueType result;
  std::variant<PointFunction, WindowFunction, VectorFunction> implementation;
  PointFunction point;    // for kDatePart; otherwise nullptr
  bool keeps_name;        // last_over_time, label_replace, sort, ...
  bool is_experimental;
  std::string_view description;
  // Of a WindowFunction. Null: histograms are ignored, with an info where there are floats too.
  MixedWindowFunction mixed = nullptr;
  bool expects_counter = false;        // an info where the name does not look like a counter's
  bool takes_quantile = false;         // the first scalar argument is one: a warning outside 0..1
  // Looks at the scalar arguments before the first window is evaluated at a step.
  absl::Status (*check_args)(const double* args) = nullptr;
  HistogramFunction of_histogram = nullptr;  // for kNativeHistogram
  ExtendedWindowFunction extended = nullptr;  // null: anchored and smoothed are errors
  bool takes_smoothed = false;                // not only anchored
  bool uses_starts = false;                   // start timestamps
  SeriesFunction sliding = nullptr;
  // Null: the samples have to be looked at.
  FactsFunction of_facts = nullptr;
  uint32_t facts = 0;  // the kinds (FactKind) that it needs
};

// nullptr when there is no such function.
const FunctionRow* FindFunction(std::string_view name);

// All rows, by name.
struct FunctionRows {
  const FunctionRow* const* begin_;
  size_t size_;
  const FunctionRow* const* begin() const { return begin_; }
  const FunctionRow* const* end() const { return begin_ + size_; }
  size_t size() const { return size_; }
};
FunctionRows AllFunctions();

}  // namespace sloburn::engine
