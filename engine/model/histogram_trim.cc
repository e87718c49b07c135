// SPDX-License-Identifier: Apache-2.0
// The operators </ and >/: observations below or above a limit, estimated where it cuts a bucket.
#include <cmath>
#include <limits>

#include "engine/model/histogram.h"
#include "engine/model/histogram_buckets.h"

namespace sloburn {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// What of a bucket is kept, and the value its observations are taken to have.
struct Kept {
  double count = 0;
  double midpoint = 0;
};

double FiniteOrZero(double v) { return std::isinf(v) ? 0 : v; }

double Midpoint(double lower, double upper, bool is_positive, bool is_linear) {
  if (std::isinf(lower)) {
    if (std::isinf(upper)) return 0;
    return upper > 0 ? upper / 2 : upper;
  }
  if (std::isinf(upper)) return lower;
  if (is_linear) return (lower + upper) / 2;
  const double mean = std::sqrt(std::fabs(lower * upper));
  return is_positive ? mean : -mean;
}

// A bucket that reaches to infinity cannot be interpolated, unless it may be taken to begin at 0.
Kept CutInfinite(const HistogramBucket& b, double limit, bool is_upper) {
  if (b.lower == -kInf) {
    const bool begins_at_zero = b.upper > 0 && b.upper != kInf;
    if (is_upper) {
      if (limit >= b.upper) return {b.count, 0};
      if (limit > 0 && begins_at_zero) return {b.count * limit / b.upper, limit / 2};
      if (b.upper <= 0) return {b.count, limit};
      return {0, FiniteOrZero(b.upper)};
    }
    if (limit <= b.lower) return {b.count, 0};
    if (limit >= 0 && b.upper > limit && b.upper != kInf) {
      return {b.count * (1 - limit / b.upper), (limit + b.upper) / 2};
    }
    return {0, FiniteOrZero(b.upper)};
  }
  if (!is_upper && limit >= b.lower) return {b.count, limit};
  return {0, FiniteOrZero(b.lower)};
}

double CountBelow(const HistogramBucket& b, double limit, bool is_linear) {
  if (limit <= b.lower) return 0;
  if (limit >= b.upper) return b.count;
  return b.count * b.FractionBelow(limit, is_linear);
}

Kept Cut(const HistogramBucket& b, double limit, bool is_upper, bool is_positive, bool is_linear) {
  if (b.lower == -kInf || b.upper == kInf) return CutInfinite(b, limit, is_upper);
  const double below = CountBelow(b, limit, is_linear);
  if (is_upper) return {below, Midpoint(b.lower, limit, is_positive, is_linear)};
  return {b.count - below, Midpoint(limit, b.upper, is_positive, is_linear)};
}

// The zero bucket reaches over zero only where there are observations on both sides.
Kept CutZeroBucket(HistogramBucket zero, double limit, bool has_negative, bool has_positive,
                   bool is_upper) {
  if (has_negative && !has_positive) zero.upper = 0;
  if (has_positive && !has_negative) zero.lower = 0;
  const double middle = (zero.lower + zero.upper) / 2;
  if (limit <= zero.lower) return is_upper ? Kept() : Kept{zero.count, middle};
  if (limit >= zero.upper) return is_upper ? Kept{zero.count, middle} : Kept();
  const double width = zero.upper - zero.lower;
  if (is_upper) return {zero.count * ((limit - zero.lower) / width), (zero.lower + limit) / 2};
  return {zero.count * ((zero.upper - limit) / width), (limit + zero.upper) / 2};
}

struct Totals {
  double count = 0, sum = 0;
  bool is_cut = false;

  void Add(const Kept& kept) {
    count += kept.count;
    sum += kept.midpoint * kept.count;
  }
};

// Cuts one side; true where it holds observations.
bool TrimSide(BucketSide& side, const std::vector<HistogramBucket>& buckets, double limit,
              bool is_upper, bool is_positive, bool is_linear, Totals& totals) {
  bool has_observations = false;
  for (size_t i = 0; i < buckets.size(); ++i) {
    const HistogramBucket& b = buckets[i];
    if (b.count == 0) continue;
    has_observations = true;
    const bool is_inside = is_upper ? b.upper <= limit : b.lower >= limit;
    const bool is_partly = is_upper ? b.lower < limit : b.upper > limit;
    if (is_inside) {
      totals.Add({b.count, Midpoint(b.lower, b.upper, is_positive, is_linear)});
    } else if (is_partly) {
      const Kept kept = Cut(b, limit, is_upper, is_positive, is_linear);
      totals.Add(kept);
      totals.is_cut |= side.counts[i] != kept.count;
      side.counts[i] = kept.count;
    } else {
      side.counts[i] = 0;
      totals.is_cut = true;
    }
  }
  return has_observations;
}

}  // namespace

void Histogram::TrimBuckets(double limit, bool is_upper) {
  Totals totals;
  const bool is_linear = uses_custom_buckets();
  const auto positive_buckets = SideBuckets(*this, true);
  const auto negative_buckets = SideBuckets(*this, false);
  const bool has_positive =
      TrimSide(positive, positive_buckets, limit, is_upper, true, is_linear, totals);
  const bool has_negative =
      TrimSide(negative, negative_buckets, limit, is_upper, false, is_linear, totals);
  if (zero_count > 0) {
    const Kept kept =
        CutZeroBucket(ZeroBucket(*this), limit, has_negative, has_positive, is_upper);
    totals.is_cut |= zero_count != kept.count;
    zero_count = kept.count;
    totals.Add(kept);
  }
  if (!totals.is_cut) return;
  count = totals.count;
  sum = totals.sum;
  Compact();
}

}  // namespace sloburn
