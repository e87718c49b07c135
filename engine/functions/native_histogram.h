// SPDX-License-Identifier: Apache-2.0
// Quantiles, fractions and the variance of one native histogram.
#pragma once

#include "engine/model/histogram.h"

namespace sloburn::engine {

// What observations of NaN, which are in the count but in no bucket, have done to a result.
enum class NanEffect { kNone, kResultIsNan, kResultIsHigher, kExcluded };

// NaN for an empty histogram, -Inf below 0, +Inf above 1. Between the bounds of a bucket values are
// taken to lie evenly on a logarithmic scale; in custom buckets and the zero bucket on a linear one.
double NativeQuantile(double q, const Histogram& histogram, NanEffect* effect);

// The fraction of observations between `lower` and `upper`.
double NativeFraction(double lower, double upper, const Histogram& histogram, NanEffect* effect);

double NativeVariance(const Histogram& histogram);

}  // namespace sloburn::engine
