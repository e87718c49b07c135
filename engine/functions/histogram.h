// SPDX-License-Identifier: Apache-2.0
// Quantile and fraction over the buckets of a classic histogram.
#pragma once

#include <optional>
#include <vector>

#include "engine/model/annotations.h"

namespace sloburn::engine {

struct Bucket {
  double upper_bound;
  double count;  // cumulative
};

// Both sort and coalesce `buckets`, which must not be empty. Without a bucket up to +Inf: NaN.
// Counts that decrease are raised, as Prometheus does; differences below 1e-12 are ignored.
// `forced` is set where counts had to be raised; its times are not set.
double BucketQuantile(double q, std::vector<Bucket>& buckets,
                      std::optional<ForcedMonotonicity>* forced = nullptr);
double BucketFraction(double lower, double upper, std::vector<Bucket>& buckets);

}  // namespace sloburn::engine
