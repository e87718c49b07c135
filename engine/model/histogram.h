// SPDX-License-Identifier: Apache-2.0
// A native histogram: counts of observations in buckets whose bounds follow from a schema.
//
//   Histogram sum = a;
//   const HistogramSum how = sum.Add(b);
//   if (how.incompatible_schema) ...
//   sum.Compact();
//
// Counts are floats and absolute; the integer, delta-coded form of the wire is converted when it is
// decoded. Two kinds: exponential buckets (schema -4 to 8, bucket i ends at 2^(i * 2^-schema), a
// zero bucket between them) and custom buckets (schema -53, upper bounds in custom_values, the last
// bucket up to +Inf). A staleness marker has the stale NaN as its sum.
// All arithmetic follows Prometheus' model/histogram operation by operation.
// Plain values; those that are shared (HistogramPtr) do not change any more.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/model/sample.h"

namespace sloburn {

inline constexpr int32_t kCustomBucketsSchema = -53;
inline constexpr int32_t kMinExponentialSchema = -4;
inline constexpr int32_t kMaxExponentialSchema = 8;

// What is known about a reset between the sample before and this one. Gauges have no resets.
enum class CounterResetHint : uint8_t { kUnknown, kReset, kNotReset, kGauge };

// `length` buckets in a row, `offset` after the end of the span before (the first: index).
struct BucketSpan {
  int32_t offset = 0;
  uint32_t length = 0;
  friend bool operator==(const BucketSpan&, const BucketSpan&) = default;
};

// The buckets on one side of zero.
struct BucketSide {
  std::vector<BucketSpan> spans;
  std::vector<double> counts;  // as many as all spans are long
  bool empty() const { return counts.empty(); }
};

// What happened when two histograms were added or subtracted.
struct HistogramSum {
  bool incompatible_schema = false;      // exponential and custom buckets: nothing was done
  bool counter_reset_collision = false;  // one says reset, the other says none
  bool bounds_reconciled = false;        // custom bounds differed: only common ones remain
};

struct Histogram {
  CounterResetHint reset_hint = CounterResetHint::kUnknown;
  int32_t schema = 0;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  double sum = 0;
  BucketSide positive, negative;
  std::vector<double> custom_values;

  bool uses_custom_buckets() const { return schema == kCustomBucketsSchema; }

  HistogramSum Add(const Histogram& other);
  HistogramSum Sub(const Histogram& other);
  // As Add, with the rounding errors of each field kept in `compensation`, which is made at the
  // first call and has the same buckets as this histogram.
  HistogramSum KahanAdd(const Histogram& other, std::optional<Histogram>& compensation);

  void Mul(double factor);
  // By 0: buckets vanish, the rest becomes infinite or NaN.
  void Div(double scalar);

  // Drops empty buckets.
  void Compact();

  // REQUIRES: exponential buckets, target <= schema.
  void ReduceResolution(int32_t target_schema);

  // Keeps the observations below (`is_upper`, the operator </) or above `limit`; count and sum are
  // estimated from the buckets where any was cut.
  void TrimBuckets(double limit, bool is_upper);

  // Whether a counter was reset between `previous` and this one.
  bool DetectReset(const Histogram& previous) const;

  // Whether any field is infinite.
  bool HasOverflow() const;

  // How many float samples it counts as in the limit on samples.
  int64_t SizeInSamples() const;

  // Bit by bit; the reset hint does not count.
  friend bool operator==(const Histogram& a, const Histogram& b);
};

}  // namespace sloburn
