// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/top_k.h"

#include <algorithm>

#include "base/status_macros.h"
#include "engine/exec/annotation_texts.h"
#include "engine/exec/grouping.h"
#include "engine/exec/sample_count.h"
#include "engine/exec/value_heap.h"

namespace sloburn::engine {
namespace {

class TopK : public Operator {
 public:
  TopK(OperatorPtr input, OperatorPtr param, const PlanNode& node,
       const TimeRange& range, ExecContext& context)
      : input_(std::move(input)),
        param_(std::move(param)),
        expr_(std::get<parser::AggregateExpr>(node.expr->node)),
        place_(node.expr->range),
        is_top_(expr_.op == parser::AggregateOperator::kTopk),
        steps_(range.steps()),
        // The order of an instant vector shows; series over several steps keep that of the input.
        is_ordered_(range.is_instant()),
        context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    RETURN_IF_ERROR(param_->Open());
    Column k;
    RETURN_IF_ERROR(param_->Next(k));
    ASSIGN_OR_RETURN(const bool chooses_any, ChecksAsSampleCount(k));
    if (!chooses_any) return Drain(*input_);
    grouping_ = GroupSeries(input_->series(), expr_);
    RETURN_IF_ERROR(Choose(k));
    Arrange();
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    column = std::move(columns_[next_++]);
    return absl::OkStatus();
  }

 private:
  absl::Status Choose(const Column& k) {
    const size_t cells = grouping_.groups.size() * steps_;
    RETURN_IF_ERROR(context_.Hold(static_cast<int64_t>(cells)));
    best_.assign(cells, ValueHeap(is_top_));
    order_ = AppearanceOrder(grouping_.groups.size());
    Column column;
    for (size_t i = 0; i < grouping_.of_series.size(); ++i) {
      RETURN_IF_ERROR(input_->Next(column));
      order_.See(grouping_.of_series[i], column);
      RETURN_IF_ERROR(context_.CheckInterrupt());
      for (size_t step = 0; step < steps_; ++step) {
        RETURN_IF_ERROR(context_.Work(1));
        if (k.values[step] < 1) continue;
        if (column.has_histogram(step)) {
          context_.annotations.Inform(place_, HistogramIgnoredText(is_top_ ? "topk" : "bottomk"));
        }
        if (!column.present[step]) continue;
        best_[grouping_.of_series[i] * steps_ + step].Offer(
            {column.values[step], i}, static_cast<size_t>(k.values[step]));
      }
    }
    if (is_ordered_) {
      for (ValueHeap& best : best_) best.Sort();
    }
    return absl::OkStatus();
  }

  // From the chosen samples of every step to whole series.
  void Arrange() {
    constexpr size_t kNone = static_cast<size_t>(-1);
    std::vector<size_t> output_of(input_->series().size(), kNone);
    std::vector<size_t> chosen;
    for (const size_t group : order_.groups()) {
      for (size_t step = 0; step < steps_; ++step) {
        for (const Candidate& candidate : best_[group * steps_ + step].samples()) {
          if (output_of[candidate.series] != kNone) continue;
          output_of[candidate.series] = 0;
          chosen.push_back(candidate.series);
        }
      }
    }
    if (!is_ordered_) std::sort(chosen.begin(), chosen.end());
    for (const size_t series : chosen) {
      output_of[series] = series_.size();
      series_.push_back(input_->series()[series]);
      columns_.emplace_back();
      columns_.back().Reset(steps_);
    }
    for (size_t i = 0; i < best_.size(); ++i) {
      for (const Candidate& candidate : best_[i].samples()) {
        columns_[output_of[candidate.series]].Set(i % steps_, candidate.value);
      }
    }
  }

  const OperatorPtr input_, param_;
  const parser::AggregateExpr& expr_;
  const parser::SourceRange place_;
  const bool is_top_;
  const size_t steps_;
  const bool is_ordered_;
  ExecContext& context_;
  Grouping grouping_;
  AppearanceOrder order_;
  std::vector<ValueHeap> best_;  // [group][step]
  std::vector<Column> columns_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeTopK(OperatorPtr input, OperatorPtr param, const PlanNode& node,
                     const TimeRange& range, ExecContext& context) {
  return std::make_unique<TopK>(std::move(input), std::move(param), node, range, context);
}

}  // namespace sloburn::engine
