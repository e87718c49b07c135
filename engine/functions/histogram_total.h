// SPDX-License-Identifier: Apache-2.0
// The compensated sum or mean of native histograms: avg and sum, over series or over time.
//
//   HistogramTotal total(first, /*is_mean=*/true);
//   if (!total.Add(next)) ...  // exponential and custom buckets do not go together
//   Histogram mean = total.Result();
//
// Operations are in Prometheus' order: the plain sum until it would overflow, then an incremental
// mean. Values in one thread.
#pragma once

#include <optional>

#include "engine/model/histogram.h"

namespace sloburn::engine {

class HistogramTotal {
 public:
  HistogramTotal(const Histogram& first, bool is_mean);

  // False, and nothing is to be done with the total any more, where buckets are incompatible.
  bool Add(const Histogram& histogram);

  // Takes the total; called once.
  Histogram Result();

  // One histogram said that there was a reset before it, another that there was none.
  bool has_reset_collision() const { return saw_reset_ && saw_no_reset_; }
  bool has_reconciled_bounds() const { return has_reconciled_bounds_; }

 private:
  void TakeHint(CounterResetHint hint);
  // Whether the sum could be extended without overflow; unset where buckets are incompatible.
  std::optional<bool> AddToSum(const Histogram& histogram);

  const bool is_mean_;
  Histogram value_;  // the sum, or the mean once incremental
  std::optional<Histogram> compensation_;
  double count_ = 1;
  bool is_incremental_ = false;
  bool saw_reset_ = false, saw_no_reset_ = false, has_reconciled_bounds_ = false;
};

}  // namespace sloburn::engine
