// SPDX-License-Identifier: Apache-2.0
// The texts of annotations, byte for byte as Prometheus users know them (util/annotations there).
// Where a name or a number follows, it is appended by the operator that knows it.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include "base/float_text.h"
#include "base/str_cat.h"

namespace sloburn::engine {

namespace notes {

inline constexpr std::string_view kBadBucketLabel =
    "bucket label \"le\" is missing or has a malformed value of";
inline constexpr std::string_view kMixedFloatsHistograms =
    "encountered a mix of histograms and floats for metric name";
inline constexpr std::string_view kMixedInAggregation =
    "encountered a mix of histograms and floats for aggregation";
inline constexpr std::string_view kMixedClassicNative =
    "vector contains a mix of classic and native histograms";
inline constexpr std::string_view kNotCounter =
    "this native histogram metric is not a counter:";
inline constexpr std::string_view kNotGauge = "this native histogram metric is not a gauge:";
inline constexpr std::string_view kMixedSchemas =
    "vector contains a mix of histograms with exponential and custom buckets schemas for metric "
    "name";
inline constexpr std::string_view kIncompatibleBuckets =
    "incompatible bucket layout encountered for binary operator";
inline constexpr std::string_view kSortInRangeQuery =
    "sort is ineffective for range queries since results are always ordered by labels";
inline constexpr std::string_view kResetCollision =
    "conflicting counter resets during histogram";
inline constexpr std::string_view kNotCounterType =
    "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\"";
inline constexpr std::string_view kNotCounterName =
    "metric might not be a counter, name does not end in _total/_sum/_count/_bucket:";
inline constexpr std::string_view kForcedMonotonicity =
    "input to histogram_quantile needed to be fixed for monotonicity (see "
    "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)";
inline constexpr std::string_view kIncompatibleTypes =
    "incompatible sample types encountered for binary operator";
inline constexpr std::string_view kHistogramsIgnoredInRange =
    "ignored histograms in a range containing both floats and histograms for metric name";
inline constexpr std::string_view kNanResult =
    "input to histogram_quantile has NaN observations, result is NaN";
inline constexpr std::string_view kNanSkew =
    "input to histogram_quantile has NaN observations, result is skewed higher";
inline constexpr std::string_view kNanFraction =
    "input to histogram_fraction has NaN observations, which are excluded from all fractions";
inline constexpr std::string_view kStartOverlap =
    "sample has start time that overlaps with previous sample timestamp for metric";
inline constexpr std::string_view kBoundsReconciled =
    "mismatched custom buckets were reconciled during";

}  // namespace notes

// False for NaN as well.
inline bool IsQuantile(double q) { return q >= 0 && q <= 1; }

inline std::string InvalidQuantileText(double q) {
  return StrCat("quantile value should be between 0 and 1, got ", FormatFloatG(q));
}

// "ignored histogram in max aggregation"
inline std::string HistogramIgnoredText(std::string_view aggregation) {
  return StrCat("ignored histogram in ", aggregation, " aggregation");
}

}  // namespace sloburn::engine
