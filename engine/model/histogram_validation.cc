// SPDX-License-Identifier: Apache-2.0
#include "engine/model/histogram_validation.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_format.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/histogram_buckets.h"

namespace sloburn {
namespace {

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return absl::InvalidArgumentError(StrCat(parts...));
}

absl::Status CheckSpans(const BucketSide& side, bool first_may_be_negative) {
  uint64_t buckets = 0;
  for (size_t i = 0; i < side.spans.size(); ++i) {
    const BucketSpan& span = side.spans[i];
    if (span.offset < 0 && !(i == 0 && first_may_be_negative)) {
      return Invalid("span number ", i + 1, " with offset ", span.offset,
                     ": histogram has a span whose offset is negative");
    }
    buckets += span.length;
  }
  if (buckets == side.counts.size()) return absl::OkStatus();
  return Invalid("spans need ", buckets, " buckets, have ", side.counts.size(),
                 " buckets: histogram spans specify different number of buckets than provided");
}

absl::Status CheckCounts(const BucketSide& side) {
  for (size_t i = 0; i < side.counts.size(); ++i) {
    if (!(side.counts[i] < 0)) continue;
    return Invalid("bucket number ", i + 1, " has observation count of ",
                   FormatFloatG(side.counts[i]),
                   ": histogram has a bucket whose observation count is negative");
  }
  return absl::OkStatus();
}

absl::Status WithPrefix(std::string_view prefix, const absl::Status& status) {
  return status.ok() ? status : Invalid(prefix, std::string(status.message()));
}

absl::Status CheckBounds(const Histogram& h) {
  double previous = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < h.custom_values.size(); ++i) {
    const double bound = h.custom_values[i];
    if (std::isnan(bound)) return Invalid("histogram custom bounds must not be NaN");
    if (i > 0 && bound <= previous) {
      return Invalid(absl::StrFormat("previous bound is %f and current is %f", previous, bound),
                     ": histogram custom bounds must be in strictly increasing order");
    }
    previous = bound;
  }
  if (previous == std::numeric_limits<double>::infinity()) {
    return Invalid(
        "last +Inf bound must not be explicitly defined: histogram custom bounds must be finite");
  }
  RETURN_IF_ERROR(CheckSpans(h.positive, /*first_may_be_negative=*/false));
  uint64_t reach = 0;
  for (const BucketSpan& span : h.positive.spans) reach += span.length + span.offset;
  if (h.custom_values.size() + 1 >= reach) return absl::OkStatus();
  return Invalid("only ", h.custom_values.size(),
                 " custom bounds defined which is insufficient to cover total span length of ",
                 reach, ": histogram custom bounds are too few");
}

absl::Status CheckCustom(const Histogram& h) {
  RETURN_IF_ERROR(WithPrefix("custom buckets: ", CheckBounds(h)));
  if (h.zero_count != 0) return Invalid("custom buckets: must have zero count of 0");
  if (h.zero_threshold != 0) return Invalid("custom buckets: must have zero threshold of 0");
  if (!h.negative.spans.empty()) return Invalid("custom buckets: must not have negative spans");
  if (!h.negative.counts.empty()) return Invalid("custom buckets: must not have negative buckets");
  return absl::OkStatus();
}

absl::Status CheckExponential(const Histogram& h) {
  RETURN_IF_ERROR(WithPrefix("positive side: ", CheckSpans(h.positive, true)));
  RETURN_IF_ERROR(WithPrefix("negative side: ", CheckSpans(h.negative, true)));
  RETURN_IF_ERROR(WithPrefix("negative side: ", CheckCounts(h.negative)));
  if (h.zero_count < 0) {
    return Invalid("zero bucket has observation count of ", FormatFloatG(h.zero_count),
                   ": histogram has a bucket whose observation count is negative");
  }
  if (h.custom_values.empty()) return absl::OkStatus();
  return Invalid("histogram with exponential schema must not have custom bounds");
}

absl::Status CheckTotal(const Histogram& h) {
  double total = h.zero_count;
  for (const double count : h.positive.counts) total += count;
  for (const double count : h.negative.counts) total += count;
  const std::string found = StrCat(FormatFloatF(total),
                                   " observations found in buckets, but the Count field is ",
                                   FormatFloatF(h.count), ": histogram's observation count should ");
  // NaN observations are in the count but in no bucket.
  if (std::isnan(h.sum)) {
    if (total <= h.count) return absl::OkStatus();
    return Invalid(found, "be at least the number of observations found in the buckets");
  }
  if (total == h.count) return absl::OkStatus();
  return Invalid(found,
                 "equal the number of observations found in the buckets (in absence of NaN)");
}

}  // namespace

absl::Status ValidateHistogram(const Histogram& h, bool has_integer_counts) {
  if (h.uses_custom_buckets()) {
    RETURN_IF_ERROR(CheckCustom(h));
  } else if (IsExponential(h.schema)) {
    RETURN_IF_ERROR(CheckExponential(h));
  } else {
    return Invalid("histogram has an invalid schema, which must be between -4 and 8 for "
                   "exponential buckets, or -53 for custom buckets, got schema ",
                   h.schema);
  }
  if (h.count < 0) {
    return Invalid("observation count is  ", FormatFloatG(h.count),
                   ": histogram's observation count is negative");
  }
  RETURN_IF_ERROR(WithPrefix("positive side: ", CheckCounts(h.positive)));
  return has_integer_counts ? CheckTotal(h) : absl::OkStatus();
}

}  // namespace sloburn
