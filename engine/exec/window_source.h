// SPDX-License-Identifier: Apache-2.0
// A range vector: series whose samples are looked at through a window per step. Either a matrix
// selector over the store or a subquery over an inner operator.
//
// Threads: one, but for Read. The samples of one series are valid until the next call of NextSeries.
#pragma once

#include <memory>
#include <vector>

#include "engine/exec/context.h"
#include "engine/exec/operator.h"
#include "engine/exec/selector_times.h"
#include "engine/plan/plan.h"

namespace sloburn::engine {

// What reading a series takes; one per thread.
struct WindowScratch {
  std::unique_ptr<SeriesReader> reader;
  SampleBuffer buffer, kept;
  std::vector<HistogramPtr> detected;
};

class WindowSource {
 public:
  virtual ~WindowSource() = default;

  virtual absl::Status Open() = 0;
  const std::vector<OutputSeries>& series() const { return series_; }
  // All samples that any window can need, in time order, without staleness markers.
  virtual absl::StatusOr<SampleView> NextSeries() = 0;

  // Whether Read may be called.
  virtual bool reads_in_any_order() const { return false; }
  // The series `index`, in place of NextSeries; once for each. May be called on several threads.
  // Valid until `scratch` is used again.
  virtual absl::StatusOr<SampleView> Read(size_t /*index*/, WindowScratch& /*scratch*/) {
    return absl::InternalError("this range vector is read in order");
  }

  // Facts about the windows of series `index`, before it is read, and valid until then. The times in
  // `query` are this source's to fill. Null: its samples have to be read.
  virtual std::unique_ptr<FactsReader> Facts(size_t /*index*/, FactsQuery /*query*/) const {
    return nullptr;
  }

  // The window of the step at `step_ms` is (end - range, end].
  int64_t WindowEnd(int64_t step_ms) const { return times_.At(step_ms); }
  // The end of the window that its samples come from: another one where Prometheus moves the window
  // but not the samples.
  int64_t SamplesEnd(int64_t step_ms) const { return times_.Newest(step_ms); }
  bool moves_without_samples() const { return times_.moves; }
  int64_t range_ms() const { return range_ms_; }
  // anchored and smoothed: how far samples are wanted around each window.
  int64_t before_ms() const { return before_ms_; }
  int64_t after_ms() const { return after_ms_; }

  // For counting: whether samples are read from the store, and of histograms only count and sum.
  bool is_stored() const { return is_stored_; }
  bool has_bare_histograms() const { return has_bare_histograms_; }

 protected:
  std::vector<OutputSeries> series_;
  SelectorTimes times_;
  int64_t range_ms_ = 0;
  int64_t before_ms_ = 0, after_ms_ = 0;
  bool is_stored_ = false, has_bare_histograms_ = false;
};

// REQUIRES: node.type is kRangeVector. `is_result`: no function makes windows of it.
absl::StatusOr<std::unique_ptr<WindowSource>> MakeWindowSource(const PlanNode& node,
                                                               const TimeRange& range,
                                                               ExecContext& context,
                                                               bool is_result = false);

// Counts the windows that the steps of `range` have of `view`, a series of `source`.
template <typename Add>
void CountWindows(const SampleView& view, const WindowSource& source, const TimeRange& range,
                  Add add) {
  WindowSizes sizes(view, source.has_bare_histograms());
  for (int64_t step = 0; step < range.steps(); ++step) {
    const int64_t end_ms = source.SamplesEnd(range.at(step));
    const WindowSizes::Size size = sizes.MoveTo(end_ms - source.range_ms() - source.before_ms(),
                                                end_ms + source.after_ms());
    if (size.all > 0) add(step, size.all, source.is_stored() ? size.added : 0);
  }
}

}  // namespace sloburn::engine
