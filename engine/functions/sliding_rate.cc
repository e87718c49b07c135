// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/sliding_rate.h"

#include <algorithm>
#include <vector>

#include "base/multiversion.h"
#include "engine/functions/extrapolation.h"
#include "engine/functions/window_slider.h"

namespace sloburn::engine {
namespace {

SLOBURN_MULTIVERSION bool HasReset(const double* values, size_t size) {
  uint64_t resets = 0;
  for (size_t i = 1; i < size; ++i) resets |= values[i] < values[i - 1] ? 1 : 0;
  return resets != 0;
}

// Positions of samples that are below the one before.
std::vector<size_t> FindResets(const double* values, size_t size) {
  constexpr size_t kBlock = 256;
  std::vector<size_t> resets;
  for (size_t begin = 1; begin < size; begin += kBlock) {
    const size_t end = std::min(size, begin + kBlock);
    if (!HasReset(values + begin - 1, end - begin + 1)) continue;
    for (size_t i = begin; i < end; ++i) {
      if (values[i] < values[i - 1]) resets.push_back(i);
    }
  }
  return resets;
}

// What windows are multiplied with whose samples lie in them alike.
struct Factors {
  double factor = 0;  // where the counter is carried on without reaching zero
  // It does not reach zero where first >= value * safe_ratio. The margin in it is far above what
  // rounding can do to the comparison that this one stands for.
  double safe_ratio = 0;

  Factors() = default;
  Factors(const Extent& extent, RateKind kind) {
    double to_start = 0;
    factor = ExtrapolationFactor(extent, kind, 0, 0, &to_start);
    const double covered = static_cast<double>(extent.last_ms - extent.first_ms) / 1000;
    safe_ratio = to_start / covered * (1 + 1e-9);
  }

  // Whether `factor` may not be the right one. Products near the subnormals round by more than the
  // margin.
  bool MayReachZero(double value, double first) const {
    return MayReachZero(value, first, safe_ratio) != 0;
  }
  static uint64_t MayReachZero(double value, double first, double safe_ratio) {
    const uint64_t may_clamp = value > 0 && first >= 0 ? 1 : 0;
    const uint64_t is_safe = first >= value * safe_ratio && value > 1e-290 ? 1 : 0;
    return may_clamp & ~is_safe;
  }
};

// The changes times the factor of `count` windows without resets, the first samples of which are
// `stride` apart, as are the last ones. False where a counter may reach zero in one of them, whose
// factor is then another.
bool FillStridedRun(const double* first, const double* last, size_t stride, size_t count,
                    Factors factors, double* out) {
  uint64_t may_reach_zero = 0;
  for (size_t i = 0; i < count; ++i) {
    const double value = last[i * stride] - first[i * stride];
    may_reach_zero |= Factors::MayReachZero(value, first[i * stride], factors.safe_ratio);
    out[i] = value * factors.factor;
  }
  return may_reach_zero == 0;
}

SLOBURN_MULTIVERSION bool FillRun(const double* first, const double* last, size_t count,
                                  Factors factors, double* out) {
  uint64_t may_reach_zero = 0;
  for (size_t i = 0; i < count; ++i) {
    const double value = last[i] - first[i];
    may_reach_zero |= Factors::MayReachZero(value, first[i], factors.safe_ratio);
    out[i] = value * factors.factor;
  }
  return may_reach_zero == 0;
}

// The distance of the samples, where it is the same for all; otherwise 0.
SLOBURN_MULTIVERSION int64_t RegularInterval(const int64_t* timestamps, size_t size) {
  if (size < 2) return 0;
  const int64_t interval = timestamps[1] - timestamps[0];
  int64_t differences = 0;
  for (size_t i = 1; i < size; ++i) {
    differences |= (timestamps[i] - timestamps[i - 1]) ^ interval;
  }
  return differences == 0 ? interval : 0;
}

class RateSlider {
 public:
  RateSlider(const SeriesWindows& windows, RateKind kind, StepValues out)
      : w_(windows), kind_(kind), out_(out), slider_(windows.timestamps, windows.size) {
    if (kind != RateKind::kDelta && w_.may_have_resets) resets_ = FindResets(w_.values, w_.size);
    const int64_t interval =
        w_.interval_ms > 0 ? w_.interval_ms : RegularInterval(w_.timestamps, w_.size);
    if (interval > 0 && w_.step_ms > 0 && w_.step_ms % interval == 0) {
      stride_ = static_cast<size_t>(w_.step_ms / interval);
    }
  }

  size_t Run() {
    size_t largest = 0;
    for (size_t step = 0; step < w_.steps;) {
      const int64_t end_ms = w_.first_end_ms + static_cast<int64_t>(step) * w_.step_ms;
      const int64_t start_ms = end_ms - w_.range_ms;
      const size_t size = slider_.MoveTo(start_ms, end_ms);
      largest = std::max(largest, size);
      if (size < 2) {
        ++step;
        continue;
      }
      const Extent extent = {w_.timestamps[slider_.begin()], w_.timestamps[slider_.end() - 1],
                             start_ms, end_ms, size, 0};
      Remember(extent);
      const size_t like_this = stride_ > 0 ? StepsLikeThis(extent, step) : 1;
      if (like_this > 1) {
        SetRun(step, like_this);
        slider_.Skip((like_this - 1) * stride_);
      } else {
        Set(step, slider_.begin(), slider_.end() - 1, extent);
      }
      step += like_this;
    }
    return largest;
  }

 private:
  // Samples mostly come at a fixed interval: the divisions are made once for many steps.
  void Remember(const Extent& extent) {
    const int64_t before = extent.first_ms - extent.start_ms;
    const int64_t after = extent.end_ms - extent.last_ms;
    if (before == before_ && after == after_ && extent.size == size_) return;
    before_ = before;
    after_ = after;
    size_ = extent.size;
    factors_ = Factors(extent, kind_);
  }

  // How many steps from this one on have windows of as many samples, that lie in them alike, and
  // without a reset. Only where samples are at a fixed interval that divides the step.
  size_t StepsLikeThis(const Extent& extent, size_t step) {
    // The window is filled to its edges as far as the interval allows.
    const int64_t interval = w_.step_ms / static_cast<int64_t>(stride_);
    if (extent.first_ms - extent.start_ms > interval) return 1;
    if (extent.end_ms - extent.last_ms >= interval) return 1;
    SkipResets(slider_.begin());
    const size_t limit = next_reset_ < resets_.size() ? resets_[next_reset_] : w_.size;
    if (limit < slider_.end()) return 1;
    constexpr size_t kMost = 256;  // one that may reach zero spoils a run
    return std::min({(limit - slider_.end()) / stride_ + 1, w_.steps - step, kMost});
  }

  void SetRun(size_t step, size_t count) {
    const double* const first = w_.values + slider_.begin();
    const double* const last = w_.values + slider_.end() - 1;
    double* const out = out_.values + step;
    const bool is_done = stride_ == 1
                             ? FillRun(first, last, count, factors_, out)
                             : FillStridedRun(first, last, stride_, count, factors_, out);
    std::fill_n(out_.present + step, count, 1);
    if (is_done || kind_ == RateKind::kDelta) return;
    for (size_t i = 0; i < count; ++i) {
      const size_t begin = slider_.begin() + i * stride_;
      const size_t newest = slider_.end() - 1 + i * stride_;
      const int64_t end_ms = w_.first_end_ms + static_cast<int64_t>(step + i) * w_.step_ms;
      Set(step + i, begin, newest,
          {w_.timestamps[begin], w_.timestamps[newest], end_ms - w_.range_ms, end_ms, size_, 0});
    }
  }

  // The window of the samples `begin` to `last`; its factors are the remembered ones.
  void Set(size_t step, size_t begin, size_t last, const Extent& extent) {
    const double first = w_.values[begin];
    double value = w_.values[last] - first;
    SkipResets(begin);
    for (size_t i = next_reset_; i < resets_.size() && resets_[i] <= last; ++i) {
      value += w_.values[resets_[i] - 1];
    }
    const bool may_reach_zero = kind_ != RateKind::kDelta && factors_.MayReachZero(value, first);
    out_.values[step] = value * (may_reach_zero ? ExtrapolationFactor(extent, kind_, value, first)
                                                : factors_.factor);
    out_.present[step] = 1;
  }

  // To the first reset after the sample `begin`.
  void SkipResets(size_t begin) {
    while (next_reset_ < resets_.size() && resets_[next_reset_] <= begin) ++next_reset_;
  }

  const SeriesWindows& w_;
  const RateKind kind_;
  const StepValues out_;
  WindowSlider slider_;
  std::vector<size_t> resets_;
  size_t next_reset_ = 0;
  size_t stride_ = 0;  // samples per step, where they are at a fixed interval that divides it
  // How the samples lay in the last window, and the factors of that.
  int64_t before_ = -1, after_ = -1;
  size_t size_ = 0;
  Factors factors_;
};

}  // namespace

size_t SlidingDelta(const SeriesWindows& windows, StepValues out) {
  return RateSlider(windows, RateKind::kDelta, out).Run();
}
size_t SlidingIncrease(const SeriesWindows& windows, StepValues out) {
  return RateSlider(windows, RateKind::kIncrease, out).Run();
}
size_t SlidingRate(const SeriesWindows& windows, StepValues out) {
  return RateSlider(windows, RateKind::kRate, out).Run();
}

}  // namespace sloburn::engine
