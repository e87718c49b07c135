// SPDX-License-Identifier: Apache-2.0
#include "engine/model/histogram_merge.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "engine/model/histogram_buckets.h"

namespace sloburn {
namespace {

// One side with the rounding errors of its counts.
struct CompensatedSide {
  BucketSide side;
  std::vector<double> errors;  // as many as counts
};

// Puts (index, count, error) triples into spans.
class CompensatedBuilder {
 public:
  void Append(int32_t index, double count, double error) {
    builder_.Append(index, count);
    errors_.push_back(error);
  }
  CompensatedSide Take() { return {builder_.Take(), std::move(errors_)}; }

 private:
  BucketBuilder builder_;
  std::vector<double> errors_;
};

// Schemas come in up to 52, so that 32 bits are too few to shift.
int32_t ReducedIndex(int32_t index, int32_t from_schema, int32_t to_schema) {
  return static_cast<int32_t>(((int64_t{index} - 1) >> (from_schema - to_schema)) + 1);
}

CompensatedSide ReducedCompensated(const CompensatedSide& from, int32_t from_schema,
                                   int32_t to_schema) {
  if (from_schema == to_schema) return from;
  CompensatedBuilder made;
  int32_t index = 0;
  CompensatedSum sum;
  bool has_bucket = false;
  for (BucketCursor cursor(from.side); cursor.is_valid(); cursor.Next()) {
    const int32_t target = ReducedIndex(cursor.index(), from_schema, to_schema);
    const double error = from.errors[cursor.position()];
    if (has_bucket && target == index) {
      sum.Add(cursor.count());
      sum.Add(error);
      continue;
    }
    if (has_bucket) made.Append(index, sum.sum, sum.c);
    has_bucket = true;
    index = target;
    sum = {cursor.count(), error};
  }
  if (has_bucket) made.Append(index, sum.sum, sum.c);
  return made.Take();
}

// a + sign * b. Buckets of `b` that lie within the zero bucket are left out: they were counted
// there.
BucketSide Joined(const BucketSide& a, const BucketSide& b, bool subtracts, int32_t schema,
                  double zero_threshold) {
  BucketBuilder made;
  BucketCursor x(a), y(b);
  while (y.is_valid() && IsExponential(schema) &&
         ExponentialBound(y.index(), schema) <= zero_threshold) {
    y.Next();
  }
  while (x.is_valid() || y.is_valid()) {
    const double added = !y.is_valid() ? 0 : subtracts ? -y.count() : y.count();
    if (!y.is_valid() || (x.is_valid() && x.index() < y.index())) {
      made.Append(x.index(), x.count());
      x.Next();
    } else if (!x.is_valid() || y.index() < x.index()) {
      made.Append(y.index(), added);
      y.Next();
    } else {
      made.Append(x.index(), x.count() + added);
      x.Next();
      y.Next();
    }
  }
  return made.Take();
}

CompensatedSide JoinedCompensated(const CompensatedSide& a, const CompensatedSide& b,
                                  int32_t schema, double zero_threshold) {
  CompensatedBuilder made;
  BucketCursor x(a.side), y(b.side);
  while (y.is_valid() && IsExponential(schema) &&
         ExponentialBound(y.index(), schema) <= zero_threshold) {
    y.Next();
  }
  while (x.is_valid() || y.is_valid()) {
    if (!y.is_valid() || (x.is_valid() && x.index() < y.index())) {
      made.Append(x.index(), x.count(), a.errors[x.position()]);
      x.Next();
    } else if (!x.is_valid() || y.index() < x.index()) {
      made.Append(y.index(), y.count(), b.errors[y.position()]);
      y.Next();
    } else {
      CompensatedSum sum{x.count(), a.errors[x.position()]};
      sum.Add(y.count());
      const double error = b.errors[y.position()];
      if (error != 0) sum.Add(error);
      made.Append(x.index(), sum.sum, sum.c);
      x.Next();
      y.Next();
    }
  }
  return made.Take();
}

// Sets to 0 what the zero bucket has taken, and drops what is empty.
void TrimSide(BucketSide& side, BucketSide* errors, const std::vector<HistogramBucket>& buckets,
              double threshold, bool is_positive) {
  for (size_t i = 0; i < buckets.size(); ++i) {
    const double inner = is_positive ? buckets[i].lower : -buckets[i].upper;
    if (inner >= threshold) break;
    side.counts[i] = 0;
    if (errors != nullptr) errors->counts[i] = 0;
  }
  CompensatedBuilder kept;
  for (BucketCursor cursor(side); cursor.is_valid(); cursor.Next()) {
    const double error = errors == nullptr ? 0 : errors->counts[cursor.position()];
    if (cursor.count() != 0 || error != 0) kept.Append(cursor.index(), cursor.count(), error);
  }
  CompensatedSide made = kept.Take();
  side = std::move(made.side);
  if (errors != nullptr) *errors = {side.spans, std::move(made.errors)};
}

void TrimBucketsInZeroBucket(Histogram& histogram, Histogram* compensation) {
  const auto positive = SideBuckets(histogram, true), negative = SideBuckets(histogram, false);
  TrimSide(histogram.positive, compensation == nullptr ? nullptr : &compensation->positive,
           positive, histogram.zero_threshold, true);
  TrimSide(histogram.negative, compensation == nullptr ? nullptr : &compensation->negative,
           negative, histogram.zero_threshold, false);
}

// Adds the buckets of one side that begin below `threshold`. True where a populated one reaches
// over it: `threshold` is then its end.
bool AbsorbSide(const std::vector<HistogramBucket>& buckets, const BucketSide* errors,
                bool is_positive, double& threshold, CompensatedSum& total) {
  for (size_t i = 0; i < buckets.size(); ++i) {
    const double inner = is_positive ? buckets[i].lower : -buckets[i].upper;
    const double outer = is_positive ? buckets[i].upper : -buckets[i].lower;
    if (inner >= threshold) return false;
    total.Add(buckets[i].count);
    if (errors != nullptr) total.Add(errors->counts[i]);
    if (outer > threshold) {
      if (buckets[i].count == 0) return false;
      threshold = outer;
      return true;
    }
  }
  return false;
}

void CombineSide(BucketSide& into, BucketSide* errors, const BucketSide& other, bool subtracts,
                 int32_t schema, int32_t target, int32_t other_schema, double zero_threshold) {
  if (errors == nullptr) {
    into = Joined(ReducedSide(into, schema, target), ReducedSide(other, other_schema, target),
                  subtracts, target, zero_threshold);
    return;
  }
  CompensatedSide sum = ReducedCompensated({into, errors->counts}, schema, target);
  const CompensatedSide added = ReducedCompensated(
      {other, std::vector<double>(other.counts.size(), 0.0)}, other_schema, target);
  sum = JoinedCompensated(sum, added, target, zero_threshold);
  into = std::move(sum.side);
  *errors = {into.spans, std::move(sum.errors)};
}

// Counts rolled up into the buckets between common bounds.
void RollUp(const BucketSide& side, const std::vector<double>& bounds,
            const std::vector<double>& common, bool subtracts, const BucketSide* errors,
            std::vector<CompensatedSum>& target) {
  size_t next = 0;
  for (BucketCursor cursor(side); cursor.is_valid(); cursor.Next()) {
    size_t index = target.size() - 1;  // up to +Inf
    if (cursor.index() < static_cast<int32_t>(bounds.size())) {
      while (next < common.size() && common[next] < bounds[cursor.index()]) ++next;
      index = next < common.size() ? next : index;
    }
    target[index].Add(subtracts ? -cursor.count() : cursor.count());
    if (errors != nullptr) target[index].Add(errors->counts[cursor.position()]);
  }
}

}  // namespace

BucketSide ReducedSide(const BucketSide& side, int32_t from_schema, int32_t to_schema) {
  if (from_schema == to_schema) return side;
  BucketBuilder made;
  int32_t index = 0;
  double count = 0;
  bool has_bucket = false;
  for (BucketCursor cursor(side); cursor.is_valid(); cursor.Next()) {
    const int32_t target = ReducedIndex(cursor.index(), from_schema, to_schema);
    if (has_bucket && target == index) {
      count += cursor.count();
      continue;
    }
    if (has_bucket) made.Append(index, count);
    has_bucket = true;
    index = target;
    count = cursor.count();
  }
  if (has_bucket) made.Append(index, count);
  return made.Take();
}

ZeroCount ZeroCountForThreshold(const Histogram& histogram, double& threshold,
                                const Histogram* compensation) {
  const BucketSide* const positive_errors =
      compensation == nullptr ? nullptr : &compensation->positive;
  const BucketSide* const negative_errors =
      compensation == nullptr ? nullptr : &compensation->negative;
  CompensatedSum total{0, compensation == nullptr ? 0 : compensation->zero_count};
  if (threshold == histogram.zero_threshold) return {histogram.zero_count, total.c};
  const auto positive = SideBuckets(histogram, true), negative = SideBuckets(histogram, false);
  while (true) {
    // A round that starts again keeps its rounding errors, as Prometheus does.
    total.sum = histogram.zero_count;
    AbsorbSide(positive, positive_errors, true, threshold, total);
    if (!AbsorbSide(negative, negative_errors, false, threshold, total)) break;
  }
  return {total.sum, total.c};
}

ZeroCount ReconcileZeroBuckets(Histogram& into, const Histogram& other, Histogram* compensation) {
  ZeroCount zero{other.zero_count, 0};
  double threshold = other.zero_threshold;
  while (threshold != into.zero_threshold) {
    if (into.zero_threshold > threshold) {
      threshold = into.zero_threshold;
      zero = ZeroCountForThreshold(other, threshold, nullptr);
    }
    if (threshold > into.zero_threshold) {
      double widened = threshold;
      const ZeroCount own = ZeroCountForThreshold(into, widened, compensation);
      into.zero_count = own.count;
      into.zero_threshold = widened;
      if (compensation != nullptr) compensation->zero_count = own.compensation;
      TrimBucketsInZeroBucket(into, compensation);
    }
  }
  return zero;
}

void CombineExponentialBuckets(Histogram& into, const Histogram& other, bool subtracts,
                               Histogram* compensation) {
  const int32_t target = std::min(into.schema, other.schema);
  CombineSide(into.positive, compensation == nullptr ? nullptr : &compensation->positive,
              other.positive, subtracts, into.schema, target, other.schema, into.zero_threshold);
  CombineSide(into.negative, compensation == nullptr ? nullptr : &compensation->negative,
              other.negative, subtracts, into.schema, target, other.schema, into.zero_threshold);
  into.schema = target;
  if (compensation != nullptr) {
    compensation->schema = target;
    compensation->zero_threshold = into.zero_threshold;
  }
}

bool CombineCustomBuckets(Histogram& into, const Histogram& other, bool subtracts,
                          Histogram* compensation) {
  BucketSide* const errors = compensation == nullptr ? nullptr : &compensation->positive;
  if (into.custom_values == other.custom_values) {
    CombineSide(into.positive, errors, other.positive, subtracts, into.schema, into.schema,
                into.schema, 0);
    return false;
  }
  std::vector<double> common = CommonBounds(into.custom_values, other.custom_values);
  std::vector<CompensatedSum> target(common.size() + 1);
  RollUp(into.positive, into.custom_values, common, false, errors, target);
  RollUp(other.positive, other.custom_values, common, subtracts, nullptr, target);
  CompensatedBuilder made;
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i].sum == 0 && target[i].c == 0) continue;
    made.Append(static_cast<int32_t>(i), target[i].sum, target[i].c);
  }
  CompensatedSide sum = made.Take();
  into.positive = std::move(sum.side);
  if (errors != nullptr) {
    *errors = {into.positive.spans, std::move(sum.errors)};
    compensation->custom_values = common;
  }
  into.custom_values = std::move(common);
  return true;
}

std::vector<double> CommonBounds(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> common;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(common));
  return common;
}

}  // namespace sloburn
