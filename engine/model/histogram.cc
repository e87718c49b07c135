// SPDX-License-Identifier: Apache-2.0
#include "engine/model/histogram.h"

#include <algorithm>
#include <cmath>

#include "base/same_bits.h"
#include "engine/model/histogram_buckets.h"
#include "engine/model/histogram_merge.h"

namespace sloburn {
namespace {

bool SameSide(const BucketSide& a, const BucketSide& b) {
  return a.spans == b.spans && SameBits(a.counts, b.counts);
}

// The hint of a sum. True where one says that there was a reset and the other that there was none.
bool CombineHints(CounterResetHint& hint, CounterResetHint other) {
  using Hint = CounterResetHint;
  if (hint == other || hint == Hint::kGauge) return false;
  if (other == Hint::kGauge) {
    hint = Hint::kGauge;
    return false;
  }
  const bool collides = hint != Hint::kUnknown && other != Hint::kUnknown;
  hint = Hint::kUnknown;
  return collides;
}

// Without compensation, or with it.
void AddTo(double& value, double added, double* compensation) {
  if (compensation == nullptr) {
    value += added;
    return;
  }
  CompensatedSum sum{value, *compensation};
  sum.Add(added);
  value = sum.sum;
  *compensation = sum.c;
}

Histogram EmptyLike(const Histogram& histogram) {
  Histogram empty = histogram;
  empty.zero_count = empty.count = empty.sum = 0;
  std::fill(empty.positive.counts.begin(), empty.positive.counts.end(), 0.0);
  std::fill(empty.negative.counts.begin(), empty.negative.counts.end(), 0.0);
  return empty;
}

HistogramSum Combine(Histogram& into, const Histogram& other, bool subtracts,
                     Histogram* compensation) {
  HistogramSum how;
  if (into.uses_custom_buckets() != other.uses_custom_buckets()) {
    how.incompatible_schema = true;
    return how;
  }
  how.counter_reset_collision = CombineHints(into.reset_hint, other.reset_hint);
  const double sign = subtracts ? -1 : 1;
  if (into.uses_custom_buckets()) {
    how.bounds_reconciled = CombineCustomBuckets(into, other, subtracts, compensation);
  } else {
    const ZeroCount zero = ReconcileZeroBuckets(into, other, compensation);
    AddTo(into.zero_count, sign * zero.count,
          compensation == nullptr ? nullptr : &compensation->zero_count);
    if (compensation != nullptr) AddTo(into.zero_count, zero.compensation, &compensation->zero_count);
    CombineExponentialBuckets(into, other, subtracts, compensation);
  }
  AddTo(into.count, sign * other.count, compensation == nullptr ? nullptr : &compensation->count);
  AddTo(into.sum, sign * other.sum, compensation == nullptr ? nullptr : &compensation->sum);
  return how;
}

void CompactSide(BucketSide& side) {
  BucketBuilder kept;
  for (BucketCursor cursor(side); cursor.is_valid(); cursor.Next()) {
    if (cursor.count() != 0) kept.Append(cursor.index(), cursor.count());
  }
  side = kept.Take();
}

}  // namespace

bool operator==(const Histogram& a, const Histogram& b) {
  if (a.schema != b.schema || !SameBits(a.count, b.count) || !SameBits(a.sum, b.sum)) return false;
  if (a.uses_custom_buckets() && a.custom_values != b.custom_values) return false;
  return a.zero_threshold == b.zero_threshold && SameBits(a.zero_count, b.zero_count) &&
         SameSide(a.negative, b.negative) && SameSide(a.positive, b.positive);
}

HistogramSum Histogram::Add(const Histogram& other) {
  return Combine(*this, other, false, nullptr);
}

HistogramSum Histogram::Sub(const Histogram& other) { return Combine(*this, other, true, nullptr); }

HistogramSum Histogram::KahanAdd(const Histogram& other, std::optional<Histogram>& compensation) {
  if (!compensation && uses_custom_buckets() == other.uses_custom_buckets()) {
    compensation = EmptyLike(*this);
  }
  return Combine(*this, other, false, compensation ? &*compensation : nullptr);
}

void Histogram::Mul(double factor) {
  for (double* value : {&zero_count, &count, &sum}) *value *= factor;
  for (double& value : positive.counts) value *= factor;
  for (double& value : negative.counts) value *= factor;
  if (factor < 0) reset_hint = CounterResetHint::kGauge;
}

void Histogram::Div(double scalar) {
  for (double* value : {&zero_count, &count, &sum}) *value /= scalar;
  if (scalar == 0) {
    positive = negative = {};
    return;
  }
  for (double& value : positive.counts) value /= scalar;
  for (double& value : negative.counts) value /= scalar;
  if (scalar < 0) reset_hint = CounterResetHint::kGauge;
}

void Histogram::Compact() {
  CompactSide(positive);
  CompactSide(negative);
}

void Histogram::ReduceResolution(int32_t target_schema) {
  if (target_schema == schema) return;
  positive = ReducedSide(positive, schema, target_schema);
  negative = ReducedSide(negative, schema, target_schema);
  schema = target_schema;
}

bool Histogram::HasOverflow() const {
  const auto is_infinite = [](double value) { return std::isinf(value); };
  return is_infinite(zero_count) || is_infinite(count) || is_infinite(sum) ||
         std::any_of(positive.counts.begin(), positive.counts.end(), is_infinite) ||
         std::any_of(negative.counts.begin(), negative.counts.end(), is_infinite) ||
         std::any_of(custom_values.begin(), custom_values.end(), is_infinite);
}

int64_t Histogram::SizeInSamples() const {
  constexpr size_t kStructBytes = 168, kItemBytes = 8, kSampleBytes = 16;
  const size_t items = positive.spans.size() + negative.spans.size() + positive.counts.size() +
                       negative.counts.size() + custom_values.size();
  // 8 more for the timestamp.
  return static_cast<int64_t>((kStructBytes + (items + 1) * kItemBytes) / kSampleBytes);
}

}  // namespace sloburn
