// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/window_source.h"

#include "engine/exec/build.h"
#include "engine/model/stale.h"

namespace sloburn::engine {
namespace {

class MatrixSource : public WindowSource {
 public:
  MatrixSource(const Matchers& matchers, SelectorTimes times, int64_t range_ms,
               const TimeRange& range, ExecContext& context)
      : matchers_(matchers), context_(context) {
    times_ = times;
    range_ms_ = range_ms;
    min_ms_ = times_.At(range.start_ms) - range_ms + 1;
    max_ms_ = times_.At(range.at(range.steps() - 1));
  }

  absl::Status Open() override {
    ASSIGN_OR_RETURN(readers_, context_.snapshot.Select(matchers_, min_ms_, max_ms_));
    for (const auto& reader : readers_) series_.push_back({reader->labels(), false});
    return absl::OkStatus();
  }

  absl::StatusOr<SampleView> NextSeries() override {
    RETURN_IF_ERROR(context_.CheckInterrupt());
    current_ = std::move(readers_[next_++]);
    ASSIGN_OR_RETURN(const SampleView view, current_->Read(min_ms_, max_ms_, buffer_));
    return WithoutMarkers(view);
  }

 private:
  // Copies only where there is a marker to leave out.
  SampleView WithoutMarkers(const SampleView& view) {
    size_t first = 0;
    while (first < view.size && !IsStale(view.values[first])) ++first;
    if (first == view.size) return view;
    SampleBuffer kept;
    kept.timestamps.reserve(view.size);
    kept.values.reserve(view.size);
    for (size_t i = 0; i < view.size; ++i) {
      if (IsStale(view.values[i])) continue;
      kept.timestamps.push_back(view.timestamps[i]);
      kept.values.push_back(view.values[i]);
    }
    kept_ = std::move(kept);
    return {kept_.timestamps.data(), kept_.values.data(), kept_.values.size()};
  }

  const Matchers& matchers_;
  ExecContext& context_;
  int64_t min_ms_, max_ms_;
  SeriesSet readers_;
  std::unique_ptr<SeriesReader> current_;
  size_t next_ = 0;
  SampleBuffer buffer_, kept_;
};

class SubquerySource : public WindowSource {
 public:
  SubquerySource(OperatorPtr inner, SelectorTimes times, int64_t range_ms,
                 const TimeRange& inner_range, ExecContext& context)
      : inner_(std::move(inner)), inner_range_(inner_range), context_(context) {
    times_ = times;
    range_ms_ = range_ms;
  }

  absl::Status Open() override {
    RETURN_IF_ERROR(inner_->Open());
    series_ = inner_->series();
    return context_.Hold(inner_range_.steps());
  }

  absl::StatusOr<SampleView> NextSeries() override {
    RETURN_IF_ERROR(inner_->Next(column_));
    buffer_.timestamps.clear();
    buffer_.values.clear();
    for (size_t step = 0; step < column_.steps(); ++step) {
      if (!column_.present[step]) continue;
      buffer_.timestamps.push_back(inner_range_.at(step));
      buffer_.values.push_back(column_.values[step]);
    }
    return SampleView{buffer_.timestamps.data(), buffer_.values.data(), buffer_.values.size()};
  }

 private:
  const OperatorPtr inner_;
  const TimeRange inner_range_;
  ExecContext& context_;
  Column column_;
  SampleBuffer buffer_;
};

// The inner evaluation times are absolute multiples of the step. The first is the smallest one
// strictly after the oldest window's start; the last is the newest window's end or before.
TimeRange InnerRange(const SelectorTimes& times, const TimeRange& range, int64_t range_ms,
                     int64_t step_ms) {
  const int64_t after = times.At(range.start_ms) - range_ms;
  TimeRange inner;
  inner.step_ms = step_ms;
  inner.start_ms = step_ms * (after / step_ms);
  if (inner.start_ms <= after) inner.start_ms += step_ms;
  inner.end_ms = times.At(range.at(range.steps() - 1));
  return inner;
}

absl::StatusOr<std::unique_ptr<WindowSource>> MakeSubquerySource(
    const PlanNode& node, const parser::SubqueryExpr& subquery, const TimeRange& range,
    ExecContext& context) {
  ASSIGN_OR_RETURN(const SelectorTimes times, ResolveTimes(subquery.at, subquery.offset, context));
  ASSIGN_OR_RETURN(
      const int64_t range_ms,
      ResolveDuration(subquery.range, context.query_range, DurationUse::kRangeOrStep));
  ASSIGN_OR_RETURN(int64_t step_ms, ResolveDuration(subquery.step, context.query_range,
                                                    DurationUse::kRangeOrStep));
  if (step_ms == 0) step_ms = absl::ToInt64Milliseconds(context.options.default_subquery_step);
  const TimeRange inner_range = InnerRange(times, range, range_ms, step_ms);
  ASSIGN_OR_RETURN(OperatorPtr inner, BuildOperator(*node.children[0], inner_range, context));
  return std::make_unique<SubquerySource>(std::move(inner), times, range_ms, inner_range, context);
}

}  // namespace

absl::StatusOr<std::unique_ptr<WindowSource>> MakeWindowSource(const PlanNode& node,
                                                               const TimeRange& range,
                                                               ExecContext& context) {
  if (const auto* subquery = std::get_if<parser::SubqueryExpr>(&node.expr->node)) {
    return MakeSubquerySource(node, *subquery, range, context);
  }
  const auto& matrix = std::get<parser::MatrixSelector>(node.expr->node);
  ASSIGN_OR_RETURN(const SelectorTimes times,
                   ResolveTimes(matrix.selector.at, matrix.selector.offset, context));
  ASSIGN_OR_RETURN(const int64_t range_ms, ResolveDuration(matrix.range, context.query_range,
                                                           DurationUse::kRangeOrStep));
  return std::make_unique<MatrixSource>(node.matchers, times, range_ms, range, context);
}

}  // namespace sloburn::engine
