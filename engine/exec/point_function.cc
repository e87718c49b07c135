// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/point_function.h"

#include "base/status_macros.h"
#include "engine/exec/name_dropping.h"

namespace sloburn::engine {
namespace {

class PointFunctionOperator : public Operator {
 public:
  PointFunctionOperator(OperatorPtr input, PointCall call, ScalarArgs args, const TimeRange& range,
                        ExecContext& context)
      : input_(std::move(input)),
        call_(call),
        args_(std::move(args)),
        range_(range),
        context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    RETURN_IF_ERROR(args_.Open(call_.default_arg));
    for (const OutputSeries& series : input_->series()) {
      series_.push_back(DropName(series, context_));
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(input_->Next(column));
    TakeHistograms(column);
    for (size_t step = 0; step < column.steps(); ++step) {
      if (!column.present[step]) continue;
      const double* const args = args_.At(step);
      if (call_.is_clamp && args[1] < args[0]) {
        column.present[step] = 0;
      } else if (call_.yields_eval_time) {
        column.values[step] = static_cast<double>(range_.at(step)) / 1000;
      } else {
        column.values[step] = call_.function(column.values[step], args);
      }
    }
    return absl::OkStatus();
  }

 private:
  // Point functions take floats only; timestamp() of an expression takes any sample.
  void TakeHistograms(Column& column) const {
    if (column.histograms.empty()) return;
    for (size_t step = 0; call_.yields_eval_time && step < column.steps(); ++step) {
      column.present[step] |= column.has_histogram(step);
    }
    column.histograms.clear();
  }

  const OperatorPtr input_;
  const PointCall call_;
  ScalarArgs args_;
  const TimeRange range_;
  ExecContext& context_;
};

}  // namespace

OperatorPtr MakePointFunction(OperatorPtr input, PointCall call, ScalarArgs args,
                              const TimeRange& range, ExecContext& context) {
  auto made = std::make_unique<PointFunctionOperator>(std::move(input), call, std::move(args),
                                                      range, context);
  return MergeSameLabels(std::move(made), MergeRule::kSameStep, context);
}

}  // namespace sloburn::engine
