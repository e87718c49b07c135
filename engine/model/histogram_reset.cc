// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "engine/model/histogram.h"
#include "engine/model/histogram_buckets.h"
#include "engine/model/histogram_merge.h"

namespace sloburn {
namespace {

// Whether any bucket has lost observations, a missing one all of its.
bool HasDecreased(const BucketSide& current, const BucketSide& previous, int32_t schema,
                  double zero_threshold) {
  BucketCursor now(current), before(previous);
  const auto skip_zero_bucket = [&](BucketCursor& cursor) {
    while (zero_threshold != 0 && cursor.is_valid() && IsExponential(schema) &&
           ExponentialBound(cursor.index(), schema) <= zero_threshold) {
      cursor.Next();
    }
  };
  skip_zero_bucket(now);
  skip_zero_bucket(before);
  for (; before.is_valid(); before.Next()) {
    while (now.is_valid() && now.index() < before.index()) now.Next();
    if (!now.is_valid() || now.index() > before.index()) {
      if (before.count() != 0) return true;
    } else if (now.count() < before.count()) {
      return true;
    }
  }
  return false;
}

// The observations up to `bound`, from where the last call stopped.
double CountUpTo(const std::vector<HistogramBucket>& buckets, size_t& next, double bound) {
  double count = 0;
  while (next < buckets.size() && buckets[next].upper <= bound) count += buckets[next++].count;
  return count;
}

// Both rolled up to the bounds they share.
bool HasDecreasedBetweenCommonBounds(const Histogram& current, const Histogram& previous) {
  const auto now = SideBuckets(current, true), before = SideBuckets(previous, true);
  size_t next_now = 0, next_before = 0;
  std::vector<double> bounds = CommonBounds(current.custom_values, previous.custom_values);
  bounds.push_back(std::numeric_limits<double>::infinity());
  for (const double bound : bounds) {
    if (CountUpTo(now, next_now, bound) < CountUpTo(before, next_before, bound)) return true;
  }
  return false;
}

}  // namespace

bool Histogram::DetectReset(const Histogram& previous) const {
  if (reset_hint == CounterResetHint::kReset) return true;
  if (reset_hint == CounterResetHint::kNotReset) return false;
  if (count < previous.count) return true;
  if (uses_custom_buckets()) {
    if (!previous.uses_custom_buckets()) return true;
    if (custom_values != previous.custom_values) {
      return HasDecreasedBetweenCommonBounds(*this, previous);
    }
  }
  // The schema of custom buckets is below all others.
  if (schema > previous.schema || zero_threshold < previous.zero_threshold) return true;
  double threshold = zero_threshold;
  const ZeroCount zero = ZeroCountForThreshold(previous, threshold, nullptr);
  if (threshold != zero_threshold || zero_count < zero.count) return true;
  return HasDecreased(positive, ReducedSide(previous.positive, previous.schema, schema), schema,
                      zero_threshold) ||
         HasDecreased(negative, ReducedSide(previous.negative, previous.schema, schema), schema,
                      zero_threshold);
}

}  // namespace sloburn
