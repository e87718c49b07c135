// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/range_function.h"

#include "engine/exec/absent.h"
#include "engine/exec/name_dropping.h"
#include "engine/exec/scalar_args.h"
#include "engine/exec/window_source.h"

namespace sloburn::engine {
namespace {

// Two cursors over the samples of one series; windows move forward only.
class Slider {
 public:
  explicit Slider(const SampleView& view) : view_(view) {}

  // Moves to the window (start_ms, end_ms] and returns its number of samples.
  size_t MoveTo(int64_t start_ms, int64_t end_ms) {
    while (end_ < view_.size && view_.timestamps[end_] <= end_ms) ++end_;
    while (begin_ < end_ && view_.timestamps[begin_] <= start_ms) ++begin_;
    return end_ - begin_;
  }
  const int64_t* timestamps() const { return view_.timestamps + begin_; }
  const double* values() const { return view_.values + begin_; }

 private:
  const SampleView view_;
  size_t begin_ = 0, end_ = 0;
};

class RangeFunction : public Operator {
 public:
  RangeFunction(std::unique_ptr<WindowSource> source, const FunctionRow& function, ScalarArgs args,
                const TimeRange& range, ExecContext& context)
      : source_(std::move(source)),
        function_(function),
        kernel_(std::get<WindowFunction>(function.implementation)),
        args_(std::move(args)),
        range_(range),
        context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(source_->Open());
    RETURN_IF_ERROR(args_.Open());
    for (const OutputSeries& series : source_->series()) {
      series_.push_back(function_.keeps_name ? series : DropName(series, context_));
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    ASSIGN_OR_RETURN(const SampleView view, source_->NextSeries());
    const size_t steps = range_.steps();
    column.Reset(steps);
    Slider slider(view);
    size_t largest = 0;
    for (size_t step = 0; step < steps; ++step) {
      const int64_t eval_ms = range_.at(step);
      const int64_t end_ms = source_->WindowEnd(eval_ms);
      const int64_t start_ms = end_ms - source_->range_ms();
      const size_t size = slider.MoveTo(start_ms, end_ms);
      if (size == 0) continue;
      largest = std::max(largest, size);
      const Window window{slider.timestamps(), slider.values(), size, start_ms, end_ms, eval_ms};
      double result;
      if (kernel_(window, args_.At(step), &result)) column.Set(step, result);
    }
    RETURN_IF_ERROR(context_.Hold(largest));
    context_.Release(largest);
    return absl::OkStatus();
  }

 private:
  const std::unique_ptr<WindowSource> source_;
  const FunctionRow& function_;
  const WindowFunction kernel_;
  ScalarArgs args_;
  const TimeRange range_;
  ExecContext& context_;
};

class AbsentOverTime : public Operator {
 public:
  AbsentOverTime(std::unique_ptr<WindowSource> source, Labels labels, const TimeRange& range)
      : source_(std::move(source)), range_(range) {
    series_.push_back({std::move(labels), false});
  }

  absl::Status Open() override { return source_->Open(); }

  absl::Status Next(Column& column) override {
    column.values.assign(range_.steps(), 1);
    column.present.assign(range_.steps(), 1);
    for (size_t i = 0; i < source_->series().size(); ++i) {
      ASSIGN_OR_RETURN(const SampleView view, source_->NextSeries());
      Slider slider(view);
      for (size_t step = 0; step < column.steps(); ++step) {
        const int64_t end_ms = source_->WindowEnd(range_.at(step));
        if (slider.MoveTo(end_ms - source_->range_ms(), end_ms) > 0) column.present[step] = 0;
      }
    }
    return absl::OkStatus();
  }

 private:
  const std::unique_ptr<WindowSource> source_;
  const TimeRange range_;
};

const PlanNode& RangeArgument(const PlanNode& node) {
  for (const PlanNodePtr& child : node.children) {
    if (child->type == ValueType::kRangeVector) return *child;
  }
  return *node.children[0];
}

}  // namespace

absl::StatusOr<OperatorPtr> MakeRangeFunction(const PlanNode& node, const TimeRange& range,
                                              ExecContext& context) {
  ASSIGN_OR_RETURN(auto source, MakeWindowSource(RangeArgument(node), range, context));
  ASSIGN_OR_RETURN(ScalarArgs args, ScalarArgs::Build(node, range, context));
  auto made = std::make_unique<RangeFunction>(std::move(source), *node.function, std::move(args),
                                              range, context);
  return MergeSameLabels(std::move(made), MergeRule::kAnyStep, context);
}

absl::StatusOr<OperatorPtr> MakeAbsentOverTime(const PlanNode& node, const TimeRange& range,
                                               ExecContext& context) {
  ASSIGN_OR_RETURN(auto source, MakeWindowSource(*node.children[0], range, context));
  return std::make_unique<AbsentOverTime>(std::move(source), AbsentLabels(*node.children[0]),
                                          range);
}

}  // namespace sloburn::engine
