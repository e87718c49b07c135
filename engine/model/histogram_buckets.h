// SPDX-License-Identifier: Apache-2.0
// The buckets of a native histogram one by one, and their bounds.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/model/histogram.h"

namespace sloburn {

struct HistogramBucket {
  double lower = 0, upper = 0;
  bool includes_lower = false, includes_upper = false;
  double count = 0;

  // The fraction of the bucket below `v`, between linear or logarithmic bounds.
  double FractionBelow(double v, bool is_linear) const;
};

bool IsExponential(int32_t schema);

// The upper bound of bucket `index` (counted from zero outwards). REQUIRES: IsExponential(schema).
double ExponentialBound(int32_t index, int32_t schema);

// Walks (index, count) pairs of one side.
class BucketCursor {
 public:
  explicit BucketCursor(const BucketSide& side) : side_(side) { SkipSpans(); }

  bool is_valid() const { return span_ < side_.spans.size() && at_ < side_.counts.size(); }
  int32_t index() const { return start_ + static_cast<int32_t>(in_span_); }
  double count() const { return side_.counts[at_]; }
  size_t position() const { return at_; }
  void Next() {
    ++at_;
    ++in_span_;
    SkipSpans();
  }

 private:
  void SkipSpans();

  const BucketSide& side_;
  size_t span_ = 0, in_span_ = 0, at_ = 0;
  int32_t start_ = 0;  // the index of the current span's first bucket
  bool is_started_ = false;
};

// Puts buckets of ascending index into spans.
class BucketBuilder {
 public:
  void Append(int32_t index, double count);
  BucketSide Take() { return std::move(side_); }

 private:
  BucketSide side_;
  int32_t next_ = 0;
};

// In ascending order of value; the positive side or the negative side alone (index order).
std::vector<HistogramBucket> SideBuckets(const Histogram& histogram, bool is_positive);
HistogramBucket ZeroBucket(const Histogram& histogram);

// All buckets in ascending order, the zero bucket where it has a count; cut at the zero threshold.
std::vector<HistogramBucket> AllBuckets(const Histogram& histogram);

}  // namespace sloburn
