// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/histogram_total.h"

#include <utility>

namespace sloburn::engine {

HistogramTotal::HistogramTotal(const Histogram& first, bool is_mean)
    : is_mean_(is_mean), value_(first) {
  TakeHint(first.reset_hint);
}

void HistogramTotal::TakeHint(CounterResetHint hint) {
  saw_reset_ |= hint == CounterResetHint::kReset;
  saw_no_reset_ |= hint == CounterResetHint::kNotReset;
}

std::optional<bool> HistogramTotal::AddToSum(const Histogram& histogram) {
  if (!is_mean_) {
    const HistogramSum how = value_.KahanAdd(histogram, compensation_);
    has_reconciled_bounds_ |= how.bounds_reconciled;
    return how.incompatible_schema ? std::nullopt : std::optional(true);
  }
  Histogram sum = value_;
  std::optional<Histogram> compensation = compensation_;
  const HistogramSum how = sum.KahanAdd(histogram, compensation);
  if (how.incompatible_schema) return std::nullopt;
  has_reconciled_bounds_ |= how.bounds_reconciled;
  if (sum.HasOverflow()) return false;
  value_ = std::move(sum);
  compensation_ = std::move(compensation);
  return true;
}

bool HistogramTotal::Add(const Histogram& histogram) {
  TakeHint(histogram.reset_hint);
  ++count_;
  if (!is_incremental_) {
    const std::optional<bool> is_added = AddToSum(histogram);
    if (!is_added) return false;
    if (*is_added) return true;
    is_incremental_ = true;
    value_.Div(count_ - 1);
    if (compensation_) compensation_->Div(count_ - 1);
  }
  const double q = (count_ - 1) / count_;
  if (compensation_) compensation_->Mul(q);
  Histogram share = histogram;
  share.Div(count_);
  value_.Mul(q);
  const HistogramSum how = value_.KahanAdd(share, compensation_);
  has_reconciled_bounds_ |= how.bounds_reconciled;
  return !how.incompatible_schema;
}

Histogram HistogramTotal::Result() {
  if (is_mean_ && !is_incremental_) {
    value_.Div(count_);
    if (compensation_) compensation_->Div(count_);
  }
  if (compensation_) value_.Add(*compensation_);
  return std::move(value_);
}

}  // namespace sloburn::engine
