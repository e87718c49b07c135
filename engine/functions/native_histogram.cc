// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/native_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/model/compensated_sum.h"
#include "engine/model/histogram_buckets.h"

namespace sloburn::engine {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The zero bucket reaches only to the side on which there are observations.
void CutZeroBucket(HistogramBucket& bucket, const Histogram& histogram) {
  if (histogram.negative.empty() && !histogram.positive.empty()) bucket.lower = 0;
  if (histogram.positive.empty() && !histogram.negative.empty()) bucket.upper = 0;
}

double Interpolate(const HistogramBucket& bucket, double fraction, bool is_linear) {
  if (is_linear) return bucket.lower + (bucket.upper - bucket.lower) * fraction;
  const double log_lower = std::log2(std::fabs(bucket.lower));
  const double log_upper = std::log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return std::exp2(log_lower + (log_upper - log_lower) * fraction);
  return -std::exp2(log_upper + (log_lower - log_upper) * (1 - fraction));
}

double TotalOf(const std::vector<HistogramBucket>& buckets) {
  double total = 0;
  for (const HistogramBucket& bucket : buckets) total += bucket.count;
  return total;
}

// The number of observations below `limit`; unset while no bucket reaches it.
struct Rank {
  double limit;
  double rank = 0;
  bool is_set = false;

  void Visit(const HistogramBucket& bucket, double below, bool is_linear) {
    if (is_set) return;
    if (bucket.lower >= limit) {
      rank = below;
      is_set = true;
    } else if (bucket.upper > limit) {
      const bool is_whole = is_linear && bucket.lower == -kInf;
      rank = is_whole ? bucket.count : below + bucket.count * bucket.FractionBelow(limit, is_linear);
      is_set = true;
    }
  }
};

}  // namespace

double NativeQuantile(double q, const Histogram& histogram, NanEffect* effect) {
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  if (histogram.count == 0 || std::isnan(q)) return kNan;
  std::vector<HistogramBucket> buckets = AllBuckets(histogram);
  const bool has_nan = std::isnan(histogram.sum);
  const bool is_forward = has_nan || q < 0.5;
  if (!is_forward) std::reverse(buckets.begin(), buckets.end());
  double rank = (is_forward ? q : 1 - q) * histogram.count;
  HistogramBucket bucket;
  double count = 0;
  size_t next = 0;
  while (next < buckets.size()) {
    bucket = buckets[next++];
    count += bucket.count;
    if (bucket.count != 0 && count >= rank) break;
  }
  if (!histogram.uses_custom_buckets() && bucket.lower < 0 && bucket.upper > 0) {
    CutZeroBucket(bucket, histogram);
  } else if (histogram.uses_custom_buckets()) {
    if (bucket.lower == -kInf) {
      if (bucket.upper <= 0) return bucket.upper;
      bucket.lower = 0;
    } else if (bucket.upper == kInf) {
      return bucket.lower;
    }
  }
  // Summing up may have rounded above the count.
  count = std::min(count, histogram.count);
  if (count < rank) {
    if (!has_nan) return bucket.upper;
    *effect = NanEffect::kResultIsNan;
    return kNan;
  }
  rank = is_forward ? rank - (count - bucket.count) : count - rank;
  if (has_nan) {
    // Prometheus goes on to count the rest and then interpolates in the last bucket.
    for (; next < buckets.size(); ++next) {
      bucket = buckets[next];
      count += bucket.count;
    }
    if (count < histogram.count) *effect = NanEffect::kResultIsHigher;
  }
  const bool is_linear =
      histogram.uses_custom_buckets() || (bucket.lower <= 0 && bucket.upper >= 0);
  return Interpolate(bucket, rank / bucket.count, is_linear);
}

double NativeFraction(double lower, double upper, const Histogram& histogram, NanEffect* effect) {
  if (histogram.count == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;
  const std::vector<HistogramBucket> buckets = AllBuckets(histogram);
  Rank lower_rank{lower}, upper_rank{upper};
  double below = 0;
  for (HistogramBucket bucket : buckets) {
    const bool is_zero_bucket = bucket.lower <= 0 && bucket.upper >= 0;
    if (is_zero_bucket) CutZeroBucket(bucket, histogram);
    const bool is_linear = histogram.uses_custom_buckets() || is_zero_bucket;
    lower_rank.Visit(bucket, below, is_linear);
    upper_rank.Visit(bucket, below, is_linear);
    if (lower_rank.is_set && upper_rank.is_set) break;
    below += bucket.count;
  }
  double count = histogram.count;
  if (std::isnan(histogram.sum)) {
    count = TotalOf(buckets);
    if (count < histogram.count) *effect = NanEffect::kExcluded;
  }
  if (!lower_rank.is_set || lower_rank.rank > count) lower_rank.rank = count;
  if (!upper_rank.is_set || upper_rank.rank > count) upper_rank.rank = count;
  return (upper_rank.rank - lower_rank.rank) / histogram.count;
}

double NativeVariance(const Histogram& histogram) {
  const double mean = histogram.sum / histogram.count;
  CompensatedSum variance;
  for (const HistogramBucket& bucket : AllBuckets(histogram)) {
    if (bucket.count == 0) continue;
    double value = 0;  // in the zero bucket
    if (histogram.uses_custom_buckets()) {
      value = (bucket.upper + bucket.lower) / 2.0;
    } else if (bucket.lower > 0 || bucket.upper < 0) {
      value = std::sqrt(bucket.upper * bucket.lower);
      if (bucket.upper < 0) value = -value;
    }
    const double delta = value - mean;
    variance.Add(bucket.count * delta * delta);
  }
  return (variance.sum + variance.c) / histogram.count;
}

}  // namespace sloburn::engine
