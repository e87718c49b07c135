// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/sliding_rate.h"

#include <algorithm>
#include <vector>

#include "engine/functions/extrapolation.h"
#include "engine/functions/window_slider.h"

namespace sloburn::engine {
namespace {

// Positions of samples that are below the one before.
std::vector<size_t> FindResets(const double* values, size_t size) {
  std::vector<size_t> resets;
  for (size_t i = 1; i < size; ++i) {
    if (values[i] < values[i - 1]) [[unlikely]] resets.push_back(i);
  }
  return resets;
}

// The factors of windows whose samples lie in them alike. Samples mostly come at a fixed interval,
// so they are the same from step to step, and the divisions are saved.
class FactorMemo {
 public:
  explicit FactorMemo(RateKind kind) : kind_(kind) {}

  double Factor(const Extent& extent, double value, double first) {
    const int64_t before = extent.first_ms - extent.start_ms;
    const int64_t after = extent.end_ms - extent.last_ms;
    if (before != before_ || after != after_ || extent.size != size_) {
      before_ = before;
      after_ = after;
      size_ = extent.size;
      double to_start = 0;
      factor_ = ExtrapolationFactor(extent, kind_, 0, first, &to_start);
      const double covered = static_cast<double>(extent.last_ms - extent.first_ms) / 1000;
      // The margin is far above what rounding can do to the comparison that this one stands for.
      safe_ratio_ = to_start / covered * (1 + 1e-9);
    }
    if (kind_ == RateKind::kDelta || !(value > 0) || !(first >= 0)) return factor_;
    constexpr double kTiny = 1e-290;  // products near the subnormals round by more than the margin
    if (value > kTiny && first >= value * safe_ratio_) return factor_;
    return ExtrapolationFactor(extent, kind_, value, first);
  }

 private:
  const RateKind kind_;
  int64_t before_ = -1, after_ = -1;
  size_t size_ = 0;
  double factor_ = 0, safe_ratio_ = 0;
};

size_t Slide(const SeriesWindows& w, RateKind kind, StepValues out) {
  std::vector<size_t> resets;
  if (kind != RateKind::kDelta) resets = FindResets(w.values, w.size);
  const size_t* reset = resets.data();
  const size_t* const resets_end = reset + resets.size();
  FactorMemo memo(kind);
  WindowSlider slider(w.timestamps, w.size);
  size_t largest = 0;
  int64_t end_ms = w.first_end_ms;
  for (size_t step = 0; step < w.steps; ++step, end_ms += w.step_ms) {
    const int64_t start_ms = end_ms - w.range_ms;
    const size_t size = slider.MoveTo(start_ms, end_ms);
    largest = std::max(largest, size);
    if (size < 2) continue;
    const size_t begin = slider.begin(), last = slider.end() - 1;
    const double first = w.values[begin];
    double value = w.values[last] - first;
    while (reset != resets_end && *reset <= begin) ++reset;
    for (const size_t* r = reset; r != resets_end && *r <= last; ++r) value += w.values[*r - 1];
    const Extent extent = {w.timestamps[begin], w.timestamps[last], start_ms, end_ms, size, 0};
    out.values[step] = value * memo.Factor(extent, value, first);
    out.present[step] = 1;
  }
  return largest;
}

}  // namespace

size_t SlidingDelta(const SeriesWindows& windows, StepValues out) {
  return Slide(windows, RateKind::kDelta, out);
}
size_t SlidingIncrease(const SeriesWindows& windows, StepValues out) {
  return Slide(windows, RateKind::kIncrease, out);
}
size_t SlidingRate(const SeriesWindows& windows, StepValues out) {
  return Slide(windows, RateKind::kRate, out);
}

}  // namespace sloburn::engine
