// SPDX-License-Identifier: Apache-2.0
// Neumaier's compensated sum and the mean built on it, rounded exactly as Prometheus rounds them
// (util/kahansum). Never compile with fused multiply-add.
#pragma once

#include <cmath>
#include <cstddef>

namespace sloburn {

struct CompensatedSum {
  double sum = 0;
  double c = 0;

  void Add(double x) {
    const double t = sum + x;
    if (std::isinf(t)) {
      c = 0;
    } else if (std::fabs(sum) >= std::fabs(x)) {
      c += (sum - t) + x;
    } else {
      c += (x - t) + sum;
    }
    sum = t;
  }
};

// Adds values[i] to the compensated sum i, for many at once. The columns must not overlap.
void AddToEach(double* sums, double* compensations, const double* values, size_t size);

// sum / n, until the sum would overflow; from there on an incremental mean.
class CompensatedMean {
 public:
  void First(double x) {
    total_ = {x, 0};
    count_ = 1;
    is_incremental_ = false;
  }

  void Add(double x) {
    ++count_;
    if (!is_incremental_) {
      CompensatedSum next = total_;
      next.Add(x);
      if (!std::isinf(next.sum)) {
        total_ = next;
        return;
      }
      is_incremental_ = true;
      total_.sum /= count_ - 1;
      total_.c /= count_ - 1;
    }
    const double q = (count_ - 1) / count_;
    total_ = {q * total_.sum, q * total_.c};
    total_.Add(x / count_);
  }

  double Result() const {
    return is_incremental_ ? total_.sum + total_.c : total_.sum / count_ + total_.c / count_;
  }

 private:
  CompensatedSum total_;  // the sum, or the mean once incremental
  double count_ = 0;
  bool is_incremental_ = false;
};

}  // namespace sloburn
