// SPDX-License-Identifier: Apache-2.0
#include "engine/model/histogram_buckets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sloburn {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr int kFractionBits = 8;
constexpr int kFractions = 1 << kFractionBits;

// 2^(k/256 - 1) in the very bits that Prometheus has: products of iterated square roots of 2, but
// starting from 1/sqrt(2) in the upper half. Coarser schemas use every n-th.
std::array<double, kFractions> MakeFractions() {
  std::array<double, kFractionBits> roots;  // 2^(1/2), 2^(1/4) ...
  double root = 2;
  for (double& next : roots) next = root = std::sqrt(root);
  std::array<double, kFractions> fractions;
  for (int k = 0; k < kFractions; ++k) {
    double fraction = (k & kFractions / 2) != 0 ? 1 / roots[0] : 0.5;
    for (int i = 1; i < kFractionBits; ++i) {
      if (k >> (kFractionBits - 1 - i) & 1) fraction *= roots[i];
    }
    fractions[k] = fraction;
  }
  return fractions;
}

double CustomBound(int32_t index, const std::vector<double>& bounds) {
  if (index < 0) return -kInf;
  return index < static_cast<int32_t>(bounds.size()) ? bounds[index] : kInf;
}

double Bound(const Histogram& histogram, int32_t index) {
  return histogram.uses_custom_buckets() ? CustomBound(index, histogram.custom_values)
                                         : ExponentialBound(index, histogram.schema);
}

HistogramBucket BucketAt(const Histogram& histogram, bool is_positive, int32_t index,
                         double count) {
  HistogramBucket bucket;
  bucket.count = count;
  bucket.lower = is_positive ? Bound(histogram, index - 1) : -Bound(histogram, index);
  bucket.upper = is_positive ? Bound(histogram, index) : -Bound(histogram, index - 1);
  if (histogram.uses_custom_buckets()) {
    bucket.includes_lower = index == 0;
    bucket.includes_upper = true;
  } else {
    bucket.includes_lower = bucket.lower < 0;
    bucket.includes_upper = bucket.upper > 0;
  }
  return bucket;
}

// The zero bucket takes what lies within its threshold.
void CutAtZero(HistogramBucket& bucket, double threshold) {
  if (bucket.upper < 0 && bucket.upper > -threshold) bucket.upper = -threshold;
  if (bucket.lower > 0 && bucket.lower < threshold) bucket.lower = threshold;
}

}  // namespace

bool IsExponential(int32_t schema) {
  return schema >= kMinExponentialSchema && schema <= kMaxExponentialSchema;
}

double ExponentialBound(int32_t index, int32_t schema) {
  // The last regular bucket ends at the largest double, so that there is one before +Inf.
  if (schema < 0) {
    const int64_t exponent = static_cast<int64_t>(index) << -schema;
    if (exponent == 1024) return std::numeric_limits<double>::max();
    return std::ldexp(1, static_cast<int>(std::clamp<int64_t>(exponent, -5000, 5000)));
  }
  static const std::array<double, kFractions> fractions = MakeFractions();
  const int32_t fraction_index = index & ((1 << schema) - 1);
  const double fraction = fractions[fraction_index << (kFractionBits - schema)];
  const int exponent = (index >> schema) + 1;
  if (fraction == 0.5 && exponent == 1025) return std::numeric_limits<double>::max();
  return std::ldexp(fraction, exponent);
}

double HistogramBucket::FractionBelow(double v, bool is_linear) const {
  if (is_linear) return (v - lower) / (upper - lower);
  const double log_lower = std::log2(std::fabs(lower));
  const double log_upper = std::log2(std::fabs(upper));
  const double log_v = std::log2(std::fabs(v));
  if (v > 0) return (log_v - log_lower) / (log_upper - log_lower);
  return 1 - ((log_v - log_upper) / (log_lower - log_upper));
}

void BucketCursor::SkipSpans() {
  if (!is_started_) {
    is_started_ = true;
    if (!side_.spans.empty()) start_ = side_.spans[0].offset;
  }
  while (span_ < side_.spans.size() && in_span_ >= side_.spans[span_].length) {
    const int32_t end = start_ + static_cast<int32_t>(side_.spans[span_].length);
    ++span_;
    in_span_ = 0;
    if (span_ < side_.spans.size()) start_ = end + side_.spans[span_].offset;
  }
}

void BucketBuilder::Append(int32_t index, double count) {
  if (side_.spans.empty()) {
    side_.spans.push_back({index, 1});
  } else if (index == next_) {
    ++side_.spans.back().length;
  } else {
    side_.spans.push_back({index - next_, 1});
  }
  next_ = index + 1;
  side_.counts.push_back(count);
}

std::vector<HistogramBucket> SideBuckets(const Histogram& histogram, bool is_positive) {
  std::vector<HistogramBucket> buckets;
  BucketCursor cursor(is_positive ? histogram.positive : histogram.negative);
  for (; cursor.is_valid(); cursor.Next()) {
    buckets.push_back(BucketAt(histogram, is_positive, cursor.index(), cursor.count()));
  }
  return buckets;
}

HistogramBucket ZeroBucket(const Histogram& histogram) {
  return {-histogram.zero_threshold, histogram.zero_threshold, true, true, histogram.zero_count};
}

std::vector<HistogramBucket> AllBuckets(const Histogram& histogram) {
  std::vector<HistogramBucket> all = SideBuckets(histogram, false);
  std::reverse(all.begin(), all.end());
  for (HistogramBucket& bucket : all) CutAtZero(bucket, histogram.zero_threshold);
  if (histogram.zero_count > 0) all.push_back(ZeroBucket(histogram));
  for (HistogramBucket bucket : SideBuckets(histogram, true)) {
    CutAtZero(bucket, histogram.zero_threshold);
    all.push_back(bucket);
  }
  return all;
}

}  // namespace sloburn
