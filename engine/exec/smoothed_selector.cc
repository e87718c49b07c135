// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/smoothed_selector.h"

#include <algorithm>

#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/exec/annotation_texts.h"
#include "engine/exec/selector_times.h"
#include "engine/functions/extended_range.h"
#include "engine/model/histogram.h"
#include "engine/model/stale.h"

namespace sloburn::engine {
namespace {

class SmoothedSelector : public Operator {
 public:
  SmoothedSelector(const PlanNode& node, SelectorTimes times, const TimeRange& range,
                   ExecContext& context)
      : node_(node), times_(times), range_(range), context_(context) {}

  absl::Status Open() override {
    ASSIGN_OR_RETURN(readers_, context_.snapshot.Select(node_.matchers, MinTime(), MaxTime()));
    for (const auto& reader : readers_) series_.push_back({reader->labels(), false});
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(context_.CheckInterrupt());
    const std::unique_ptr<SeriesReader> reader = std::move(readers_[next_++]);
    ASSIGN_OR_RETURN(const SampleView view, reader->Read(MinTime(), MaxTime(), buffer_));
    TakeSamples(view);
    column.Reset(range_.steps());
    notes_ = 0;
    for (int64_t step = 0; step < range_.steps(); ++step) {
      RETURN_IF_ERROR(context_.Work(view.histograms == nullptr ? 1 : kHistogramWork));
      Smooth(step, column);
    }
    Annotate(reader->labels().Get(kMetricName));
    return absl::OkStatus();
  }

 private:
  int64_t MinTime() const { return times_.At(range_.start_ms) - context_.lookback_ms + 1; }
  int64_t MaxTime() const {
    return times_.At(range_.at(range_.steps() - 1)) + context_.lookback_ms;
  }

  void TakeSamples(const SampleView& view) {
    samples_.Clear();
    for (size_t i = 0; i < view.size; ++i) {
      const HistogramPtr histogram = view.histograms == nullptr ? nullptr : view.histograms[i];
      if (IsStale(histogram == nullptr ? view.values[i] : histogram->sum)) continue;
      samples_.timestamps.push_back(view.timestamps[i]);
      samples_.values.push_back(view.values[i]);
      samples_.histograms.push_back(histogram);
    }
  }

  void Smooth(int64_t step, Column& column) {
    const std::vector<int64_t>& times = samples_.timestamps;
    const int64_t time = times_.At(range_.at(step));
    const auto begin = std::upper_bound(times.begin(), times.end(), time - context_.lookback_ms);
    const auto end = std::upper_bound(begin, times.end(), time + context_.lookback_ms);
    if (begin == end) return;
    const size_t first = begin - times.begin(), last = end - times.begin();
    const auto is_histogram = [&](size_t i) { return samples_.histograms[i] != nullptr; };
    for (size_t i = first + 1; i < last; ++i) {
      if (is_histogram(i) == is_histogram(first)) continue;
      notes_ |= kNoteMixed;
      return;
    }
    const size_t next = std::lower_bound(begin, end, time) - times.begin();
    if (next < last && times[next] == time) {
      Set(step, next, column);
    } else if (next == first) {
      return;  // nothing before
    } else if (next == last) {
      CarryOn(step, next - 1, column);
    } else if (is_histogram(first)) {
      Interpolate(step, next, time, column);
    } else {
      column.Set(step, InterpolateFloats(times[next - 1], samples_.values[next - 1], times[next],
                                         samples_.values[next], time));
    }
  }

  void Set(int64_t step, size_t i, Column& column) const {
    if (samples_.histograms[i] != nullptr) {
      column.Set(step, samples_.histograms[i]);
    } else {
      column.Set(step, samples_.values[i]);
    }
  }

  // The hint tells of the way to a sample, so it does not hold for one that is carried on.
  void CarryOn(int64_t step, size_t i, Column& column) const {
    if (samples_.histograms[i] == nullptr) return Set(step, i, column);
    auto copy = std::make_shared<Histogram>(*samples_.histograms[i]);
    copy->reset_hint = CounterResetHint::kUnknown;
    column.Set(step, std::move(copy));
  }

  void Interpolate(int64_t step, size_t next, int64_t time, Column& column) {
    const Histogram& before = *samples_.histograms[next - 1];
    const Histogram& after = *samples_.histograms[next];
    const bool is_counter = before.reset_hint != CounterResetHint::kGauge ||
                            after.reset_hint != CounterResetHint::kGauge;
    const auto& times = samples_.timestamps;
    auto made = before.uses_custom_buckets() != after.uses_custom_buckets()
                    ? nullptr
                    : InterpolateHistograms(times[next - 1], before, times[next], after, time,
                                            is_counter, &notes_);
    if (made == nullptr) {
      notes_ |= kNoteMixedSchemas;
    } else {
      column.Set(step, std::move(made));
    }
  }

  void Annotate(std::string_view metric) {
    const parser::SourceRange place = node_.expr->range;
    const std::string name = StrCat(" ", GoQuote(metric));
    Annotations& annotations = context_.annotations;
    if (notes_ & kNoteMixed) annotations.Warn(place, StrCat(notes::kMixedFloatsHistograms, name));
    if (notes_ & kNoteMixedSchemas) annotations.Warn(place, StrCat(notes::kMixedSchemas, name));
    if (notes_ & kNoteBoundsReconciledSub) {
      annotations.Inform(place, StrCat(notes::kBoundsReconciled, " subtraction"));
    }
    if (notes_ & kNoteBoundsReconciledAdd) {
      annotations.Inform(place, StrCat(notes::kBoundsReconciled, " addition"));
    }
  }

  const PlanNode& node_;
  const SelectorTimes times_;
  const TimeRange range_;
  ExecContext& context_;
  SeriesSet readers_;
  size_t next_ = 0;
  SampleBuffer buffer_, samples_;
  uint32_t notes_ = 0;
};

}  // namespace

absl::StatusOr<OperatorPtr> MakeSmoothedSelector(const PlanNode& node, const TimeRange& range,
                                                 ExecContext& context) {
  const auto& selector = std::get<parser::VectorSelector>(node.expr->node);
  ASSIGN_OR_RETURN(const SelectorTimes times, ResolveTimes(selector.at, selector.offset, context));
  return std::make_unique<SmoothedSelector>(node, times, range, context);
}

}  // namespace sloburn::engine
