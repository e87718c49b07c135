// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/histogram.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "engine/functions/family.h"
#include "engine/functions/native_histogram.h"

namespace sloburn::engine {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kSmallDelta = 1e-12;

bool AlmostEqual(double a, double b, double epsilon) {
  if (a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b);
  const double difference = std::fabs(a - b);
  constexpr double kMinNormal = 2.2250738585072014e-308;
  if (a == 0 || b == 0 || sum < kMinNormal) return difference < epsilon * kMinNormal;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < epsilon;
}

// False without a bucket up to +Inf.
bool SortAndCoalesce(std::vector<Bucket>& buckets) {
  std::stable_sort(buckets.begin(), buckets.end(), [](const Bucket& a, const Bucket& b) {
    return a.upper_bound < b.upper_bound;
  });
  if (buckets.back().upper_bound != kInf) return false;
  size_t last = 0;
  for (size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper_bound == buckets[last].upper_bound) {
      buckets[last].count += buckets[i].count;
    } else {
      buckets[++last] = buckets[i];
    }
  }
  buckets.resize(last + 1);
  return true;
}

std::optional<ForcedMonotonicity> MakeMonotonic(std::vector<Bucket>& buckets) {
  std::optional<ForcedMonotonicity> forced;
  double previous = buckets[0].count;
  for (Bucket& bucket : buckets) {
    if (bucket.count == previous) continue;
    if (AlmostEqual(previous, bucket.count, kSmallDelta)) {
      bucket.count = previous;
    } else if (bucket.count < previous) {
      if (!forced) forced = ForcedMonotonicity{.min_bucket = kInf, .max_bucket = -kInf};
      forced->min_bucket = std::min(forced->min_bucket, bucket.upper_bound);
      forced->max_bucket = std::max(forced->max_bucket, bucket.upper_bound);
      forced->max_difference = std::max(forced->max_difference, previous - bucket.count);
      bucket.count = previous;
    } else {
      previous = bucket.count;
    }
  }
  return forced;
}

// The number of observations below `value`; unset while no bucket reaches it.
struct Rank {
  double value;
  double rank = 0;
  bool is_set = false;

  void Visit(double lower_bound, const Bucket& bucket, double below) {
    if (is_set) return;
    if (lower_bound >= value) {
      rank = below;
      is_set = true;
    } else if (bucket.upper_bound > value) {
      // A bucket without lower bound cannot be interpolated: all of it counts.
      rank = lower_bound == -kInf ? bucket.count
                                  : below + (bucket.count - below) * (value - lower_bound) /
                                                (bucket.upper_bound - lower_bound);
      is_set = true;
    }
  }
};

double Average(const Histogram& h) { return h.sum / h.count; }
double Count(const Histogram& h) { return h.count; }
double Sum(const Histogram& h) { return h.sum; }
double Deviation(const Histogram& h) { return std::sqrt(NativeVariance(h)); }

constexpr FunctionRow NativeOnly(std::string_view name, HistogramFunction function,
                                 std::string_view description) {
  FunctionRow row = {name,    {kV},  1,     0, kV, VectorFunction::kNativeHistogram,
                     nullptr, false, false, description};
  row.of_histogram = function;
  return row;
}

constexpr FunctionRow kRows[] = {
    {"histogram_quantile", {kS, kV}, 2, 0, kV, VectorFunction::kHistogramQuantile, nullptr, false,
     false, "The quantile of a histogram."},
    {"histogram_fraction", {kS, kS, kV}, 3, 0, kV, VectorFunction::kHistogramFraction, nullptr,
     false, false, "The fraction of a histogram's observations between two values."},
    {"histogram_quantiles", {kV, kT, kS, kS}, 4, 9, kV, VectorFunction::kHistogramQuantiles,
     nullptr, false, true, "Several quantiles of a histogram."},
    NativeOnly("histogram_avg", Average, "The mean of a native histogram's observations."),
    NativeOnly("histogram_count", Count, "The number of a native histogram's observations."),
    NativeOnly("histogram_sum", Sum, "The sum of a native histogram's observations."),
    NativeOnly("histogram_stddev", Deviation, "The standard deviation of a native histogram."),
    NativeOnly("histogram_stdvar", NativeVariance, "The variance of a native histogram."),
};

}  // namespace

double BucketQuantile(double q, std::vector<Bucket>& buckets,
                      std::optional<ForcedMonotonicity>* forced) {
  if (std::isnan(q)) return kNan;
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  if (!SortAndCoalesce(buckets)) return kNan;
  auto raised = MakeMonotonic(buckets);
  if (forced != nullptr) *forced = raised;
  if (buckets.size() < 2 || buckets.back().count == 0) return kNan;
  double rank = q * buckets.back().count;
  // NaN counts: no bucket reaches the rank, as in Prometheus' binary search.
  const auto found =
      std::partition_point(buckets.begin(), buckets.end() - 1,
                           [rank](const Bucket& bucket) { return !(bucket.count >= rank); });
  const size_t b = found - buckets.begin();
  if (b == buckets.size() - 1) return buckets[buckets.size() - 2].upper_bound;
  if (b == 0 && buckets[0].upper_bound <= 0) return buckets[0].upper_bound;
  double start = 0;
  double count = buckets[b].count;
  if (b > 0) {
    start = buckets[b - 1].upper_bound;
    count -= buckets[b - 1].count;
    rank -= buckets[b - 1].count;
  }
  return start + (buckets[b].upper_bound - start) * (rank / count);
}

double BucketFraction(double lower, double upper, std::vector<Bucket>& buckets) {
  if (!SortAndCoalesce(buckets)) return kNan;
  const double count = buckets.back().count;
  if (count == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;
  Rank lower_rank{lower}, upper_rank{upper};
  double below = 0;
  double lower_bound = buckets[0].upper_bound <= 0 ? -kInf : 0;
  for (const Bucket& bucket : buckets) {
    lower_rank.Visit(lower_bound, bucket, below);
    upper_rank.Visit(lower_bound, bucket, below);
    below = bucket.count;
    lower_bound = bucket.upper_bound;
  }
  if (!lower_rank.is_set || lower_rank.rank > count) lower_rank.rank = count;
  if (!upper_rank.is_set || upper_rank.rank > count) upper_rank.rank = count;
  return (upper_rank.rank - lower_rank.rank) / count;
}

Family HistogramFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
