// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/window_source.h"

#include "engine/exec/build.h"
#include "engine/exec/reset_hints.h"
#include "engine/model/histogram.h"
#include "engine/storage/without_markers.h"

namespace sloburn::engine {
namespace {

// What a subquery has made of a histogram says nothing about resets between its steps.
HistogramPtr WithUnknownReset(const HistogramPtr& histogram) {
  if (histogram == nullptr || histogram->reset_hint == CounterResetHint::kUnknown ||
      histogram->reset_hint == CounterResetHint::kGauge) {
    return histogram;
  }
  auto copy = std::make_shared<Histogram>(*histogram);
  copy->reset_hint = CounterResetHint::kUnknown;
  return copy;
}

class MatrixSource : public WindowSource {
 public:
  MatrixSource(const PlanNode& node, SelectorTimes times, int64_t range_ms,
               const TimeRange& range, ExecContext& context)
      : matchers_(node.matchers),
        reads_statistics_(node.reads_statistics),
        profile_(context.ProfileOf(node)),
        context_(context) {
    times_ = times;
    range_ms_ = range_ms;
    const auto& selector = std::get<parser::MatrixSelector>(node.expr->node).selector;
    is_stored_ = true;
    has_bare_histograms_ = reads_statistics_;
    if (selector.is_anchored || selector.is_smoothed) before_ms_ = context.lookback_ms;
    if (selector.is_smoothed) after_ms_ = context.lookback_ms;
    min_ms_ = times_.At(range.start_ms) - range_ms - before_ms_ + 1;
    max_ms_ = times_.Newest(range.at(range.steps() - 1)) + after_ms_;
  }

  absl::Status Open() override {
    ASSIGN_OR_RETURN(readers_, context_.snapshot.Select(matchers_, min_ms_, max_ms_));
    for (const auto& reader : readers_) series_.push_back({reader->labels(), false});
    if (profile_ != nullptr) profile_->series += static_cast<int64_t>(series_.size());
    return absl::OkStatus();
  }

  absl::StatusOr<SampleView> NextSeries() override {
    RETURN_IF_ERROR(context_.CheckInterrupt());
    return Read(next_++, scratch_);
  }

  bool reads_in_any_order() const override { return true; }

  std::unique_ptr<FactsReader> Facts(size_t index, FactsQuery query) const override {
    if (before_ms_ != 0) return nullptr;
    query.range_ms = range_ms_;
    query.min_ms = min_ms_;
    query.max_ms = max_ms_;
    return readers_[index]->Facts(query);
  }

  absl::StatusOr<SampleView> Read(size_t index, WindowScratch& scratch) override {
    scratch.reader = std::move(readers_[index]);
    ASSIGN_OR_RETURN(const SampleView view, scratch.reader->Read(min_ms_, max_ms_, scratch.buffer));
    if (profile_ != nullptr) profile_->samples += static_cast<int64_t>(view.size);
    if (!reads_statistics_ || view.histograms == nullptr) return WithoutMarkers(view, scratch.kept);
    return WithoutMarkers(WithDetectedResets(view, scratch.detected), scratch.kept);
  }

 private:
  static SampleView WithDetectedResets(const SampleView& view,
                                       std::vector<HistogramPtr>& detected) {
    detected.resize(view.size);
    for (size_t i = 0; i < view.size; ++i) {
      detected[i] = view.histograms[i] == nullptr ? nullptr : WithDetectedReset(view, i);
    }
    return {view.timestamps, view.values, view.size, detected.data(), view.starts};
  }

  const Matchers& matchers_;
  const bool reads_statistics_;
  OperatorProfile* const profile_;
  ExecContext& context_;
  int64_t min_ms_, max_ms_;
  SeriesSet readers_;
  size_t next_ = 0;
  WindowScratch scratch_;
};

class SubquerySource : public WindowSource {
 public:
  SubquerySource(OperatorPtr inner, const PlanNode& node, SelectorTimes times, int64_t range_ms,
                 const TimeRange& inner_range, ExecContext& context)
      : inner_(std::move(inner)),
        inner_range_(inner_range),
        profile_(context.ProfileOf(node)),
        context_(context) {
    times_ = times;
    range_ms_ = range_ms;
  }

  absl::Status Open() override {
    RETURN_IF_ERROR(inner_->Open());
    series_ = inner_->series();
    if (profile_ != nullptr) profile_->series += static_cast<int64_t>(series_.size());
    return context_.Hold(inner_range_.steps());
  }

  absl::StatusOr<SampleView> NextSeries() override {
    RETURN_IF_ERROR(inner_->Next(column_));
    buffer_.Clear();
    for (size_t step = 0; step < column_.steps(); ++step) {
      if (!column_.has_sample(step)) continue;
      buffer_.timestamps.push_back(inner_range_.at(step));
      buffer_.values.push_back(column_.values[step]);
      if (column_.histograms.empty()) continue;
      buffer_.histograms.push_back(WithUnknownReset(column_.histograms[step]));
    }
    return buffer_.View();
  }

 private:
  const OperatorPtr inner_;
  const TimeRange inner_range_;
  OperatorProfile* const profile_;
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
    ExecContext& context, bool is_result) {
  ASSIGN_OR_RETURN(const SelectorTimes times,
                   ResolveTimes(subquery.at, subquery.offset, context));
  ASSIGN_OR_RETURN(
      const int64_t range_ms,
      ResolveDuration(subquery.range, context.query_range, DurationUse::kRangeOrStep));
  ASSIGN_OR_RETURN(int64_t step_ms, ResolveDuration(subquery.step, context.query_range,
                                                    DurationUse::kRangeOrStep));
  if (step_ms == 0) step_ms = absl::ToInt64Milliseconds(context.options.default_subquery_step);
  const TimeRange inner_range = InnerRange(times, range, range_ms, step_ms);
  using Kind = SampleTally::Kind;
  TallyScope scope(context.tallies, is_result ? Kind::kWholeSubquery : Kind::kSubquery, inner_range);
  if (scope.tally() != nullptr && !is_result) scope.tally()->SetWindows(times.offset_ms, range_ms);
  ASSIGN_OR_RETURN(OperatorPtr inner, BuildOperator(*node.children[0], inner_range, context));
  return std::make_unique<SubquerySource>(std::move(inner), node, times, range_ms, inner_range,
                                          context);
}

}  // namespace

absl::StatusOr<std::unique_ptr<WindowSource>> MakeWindowSource(const PlanNode& node,
                                                               const TimeRange& range,
                                                               ExecContext& context,
                                                               bool is_result) {
  if (const auto* subquery = std::get_if<parser::SubqueryExpr>(&node.expr->node)) {
    return MakeSubquerySource(node, *subquery, range, context, is_result);
  }
  const auto& matrix = std::get<parser::MatrixSelector>(node.expr->node);
  ASSIGN_OR_RETURN(const SelectorTimes times,
                   ResolveTimes(matrix.selector.at, matrix.selector.offset, context,
                                node.at_moves));
  ASSIGN_OR_RETURN(const int64_t range_ms, ResolveDuration(matrix.range, context.query_range,
                                                           DurationUse::kRangeOrStep));
  return std::make_unique<MatrixSource>(node, times, range_ms, range, context);
}

}  // namespace sloburn::engine
