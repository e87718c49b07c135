// SPDX-License-Identifier: Apache-2.0
#include "engine/functions/quantile.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <vector>

#include "engine/functions/family.h"
#include "engine/functions/window_slider.h"

namespace sloburn::engine {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// NaN first. Zeros are told apart, so that the result does not depend on how values are sorted. An
// object, for algorithms to inline it.
constexpr auto IsLess = [](double a, double b) {
  if (a == b) return std::signbit(a) && !std::signbit(b);
  return a < b || (std::isnan(a) && !std::isnan(b));
};

// The result where the samples do not matter.
std::optional<double> WithoutSamples(double q) {
  if (std::isnan(q)) return kNan;
  if (q < 0) return -kInf;
  if (q > 1) return kInf;
  return std::nullopt;
}

// Between which of n ascending values the quantile lies.
struct Rank {
  size_t lower, upper;
  double weight;

  Rank(double q, size_t size) {
    const double n = static_cast<double>(size);
    const double rank = q * (n - 1);
    lower = static_cast<size_t>(std::max(0.0, std::floor(rank)));
    upper = static_cast<size_t>(std::min(n - 1, static_cast<double>(lower) + 1));
    weight = rank - std::floor(rank);
  }

  double Between(double low, double high) const { return low * (1 - weight) + high * weight; }
  double Of(const double* ascending) const { return Between(ascending[lower], ascending[upper]); }
};

// The values of a window that moves forward, kept in ascending order.
class SortedWindow {
 public:
  explicit SortedWindow(const double* values) : values_(values) {}

  // Moves to the samples [begin, end), neither before the last ones, and returns them in order.
  const double* MoveTo(size_t begin, size_t end) {
    const size_t kept = end_ > begin ? end_ - begin : 0;
    const size_t moves = sorted_.size() + (end - begin) - 2 * kept;
    if (kept < sorted_.size() / 2 || kept < (end - begin) / 2 || moves > kMaxMoves) {
      sorted_.assign(values_ + begin, values_ + end);
      std::sort(sorted_.begin(), sorted_.end(), IsLess);
    } else {
      for (; begin_ < begin; ++begin_) sorted_.erase(Find(values_[begin_]));
      for (; end_ < end; ++end_) sorted_.insert(Find(values_[end_]), values_[end_]);
    }
    begin_ = begin;
    end_ = end;
    return sorted_.data();
  }

 private:
  std::vector<double>::iterator Find(double value) {
    return std::lower_bound(sorted_.begin(), sorted_.end(), value, IsLess);
  }

  // Each moves half the window on average; from here on sorting anew is faster.
  static constexpr size_t kMaxMoves = 256;

  const double* const values_;
  size_t begin_ = 0, end_ = 0;
  std::vector<double> sorted_;
};

bool GoesOn(double before, double value) { return value >= before && !IsLess(value, before); }

bool IsAscending(const double* begin, const double* end) {
  for (const double* value = begin + 1; value < end; ++value) {
    if (!GoesOn(value[-1], *value)) return false;
  }
  return true;
}

// For every sample where the run of samples that do not fall, and are numbers, begins that it ends:
// windows within a run, as those of a counter mostly are, are in order as they stand.
std::vector<uint32_t> RunStarts(const double* values, size_t size) {
  std::vector<uint32_t> starts(size);
  for (size_t i = 1; i < size; ++i) {
    const bool goes_on = GoesOn(values[i - 1], values[i]);
    starts[i] = goes_on ? starts[i - 1] : static_cast<uint32_t>(i);
  }
  return starts;
}

size_t SlidingQuantile(const SeriesWindows& w, StepValues out) {
  // One window is looked at as it is.
  const std::vector<uint32_t> run_starts =
      w.steps == 1 ? std::vector<uint32_t>() : RunStarts(w.values, w.size);
  SortedWindow sorted(w.values);
  WindowSlider slider(w.timestamps, w.size);
  size_t largest = 0;
  int64_t end_ms = w.first_end_ms;
  for (size_t step = 0; step < w.steps; ++step, end_ms += w.step_ms) {
    const size_t size = slider.MoveTo(end_ms - w.range_ms, end_ms);
    if (size == 0) continue;
    largest = std::max(largest, size);
    out.present[step] = 1;
    const double q = w.args[step * w.arg_count];
    if (const auto result = WithoutSamples(q)) {
      out.values[step] = *result;
      continue;
    }
    const bool is_ascending =
        w.steps == 1 ? IsAscending(w.values + slider.begin(), w.values + slider.end())
                     : run_starts[slider.end() - 1] <= slider.begin();
    if (w.steps == 1 && !is_ascending) {
      // One window: two values have to be found, not all put in order.
      std::vector<double> values(w.values + slider.begin(), w.values + slider.end());
      out.values[step] = Quantile(q, values);
      continue;
    }
    const double* const ascending = is_ascending ? w.values + slider.begin()
                                                 : sorted.MoveTo(slider.begin(), slider.end());
    out.values[step] = Rank(q, size).Of(ascending);
  }
  return largest;
}

bool QuantileOverTime(const Window& w, const double* args, double* result) {
  std::vector<double> values(w.values, w.values + w.size);
  *result = Quantile(args[0], values);
  return true;
}

constexpr FunctionRow kRows[] = {
    Sliding(SlidingQuantile,
            {"quantile_over_time", {kS, kM}, 2, 0, kV, QuantileOverTime, nullptr, false, false,
             "The quantile of the samples in the window.", nullptr, false, true}),
};

}  // namespace

double Quantile(double q, std::vector<double>& values) {
  if (values.empty()) return kNan;
  if (const auto result = WithoutSamples(q)) return *result;
  const Rank rank(q, values.size());
  // Only two neighbours of the sorted order are needed.
  const auto low = values.begin() + static_cast<ptrdiff_t>(rank.lower);
  std::nth_element(values.begin(), low, values.end(), IsLess);
  double high = *low;
  if (rank.upper > rank.lower) high = *std::min_element(low + 1, values.end(), IsLess);
  return rank.Between(*low, high);
}

Family QuantileFunctions() { return {kRows, std::size(kRows)}; }

}  // namespace sloburn::engine
