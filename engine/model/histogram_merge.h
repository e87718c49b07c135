// SPDX-License-Identifier: Apache-2.0
// What adding two native histograms takes: equal resolution, equal zero buckets, equal bounds.
// Private to engine/model.
//
// `compensation`, where it is given, has the same buckets as `into` before and after.
#pragma once

#include "engine/model/compensated_sum.h"
#include "engine/model/histogram.h"

namespace sloburn {

// Buckets merged into those of a coarser schema. REQUIRES: from >= to.
BucketSide ReducedSide(const BucketSide& side, int32_t from_schema, int32_t to_schema);

struct ZeroCount {
  double count = 0;
  double compensation = 0;
};

// The count of a zero bucket widened to `threshold`, which itself grows to the end of a populated
// bucket that it would cut. REQUIRES: threshold >= histogram.zero_threshold.
ZeroCount ZeroCountForThreshold(const Histogram& histogram, double& threshold,
                                const Histogram* compensation);

// Widens the zero bucket of `into` as far as `other` needs, and tells what of `other` lies in it.
ZeroCount ReconcileZeroBuckets(Histogram& into, const Histogram& other, Histogram* compensation);

// REQUIRES: both exponential, zero thresholds reconciled.
void CombineExponentialBuckets(Histogram& into, const Histogram& other, bool subtracts,
                               Histogram* compensation);

// Returns whether the bounds differed. REQUIRES: both with custom buckets.
bool CombineCustomBuckets(Histogram& into, const Histogram& other, bool subtracts,
                          Histogram* compensation);

// The bounds that are in both.
std::vector<double> CommonBounds(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace sloburn
