// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/top_k.h"

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"
#include "engine/exec/annotation_texts.h"
#include "engine/exec/grouping.h"
#include "engine/exec/sample_count.h"

namespace sloburn::engine {
namespace {

struct Candidate {
  double value;
  size_t series;
};

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
    if (!chooses_any) return absl::OkStatus();
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
  // NaN is worse than everything. Of equal values the earlier series is better.
  bool IsBetter(double a, double b) const {
    if (std::isnan(b)) return !std::isnan(a);
    return is_top_ ? a > b : a < b;
  }

  void Offer(std::vector<Candidate>& best, size_t k, Candidate candidate) const {
    if (best.size() == k && !IsBetter(candidate.value, best.back().value)) return;
    const auto place = std::upper_bound(best.begin(), best.end(), candidate,
                                        [this](const Candidate& a, const Candidate& b) {
                                          return IsBetter(a.value, b.value);
                                        });
    best.insert(place, candidate);
    if (best.size() > k) best.pop_back();
  }

  absl::Status Choose(const Column& k) {
    best_.resize(grouping_.groups.size() * steps_);
    Column column;
    for (size_t i = 0; i < grouping_.of_series.size(); ++i) {
      RETURN_IF_ERROR(input_->Next(column));
      RETURN_IF_ERROR(context_.CheckInterrupt());
      for (size_t step = 0; step < steps_; ++step) {
        if (k.values[step] < 1) continue;
        if (column.has_histogram(step)) {
          context_.annotations.Inform(place_, HistogramIgnoredText(is_top_ ? "topk" : "bottomk"));
        }
        if (!column.present[step]) continue;
        Offer(best_[grouping_.of_series[i] * steps_ + step],
              static_cast<size_t>(k.values[step]), {column.values[step], i});
      }
    }
    return absl::OkStatus();
  }

  // From the chosen samples of every step to whole series.
  void Arrange() {
    constexpr size_t kNone = static_cast<size_t>(-1);
    std::vector<size_t> output_of(input_->series().size(), kNone);
    std::vector<size_t> chosen;
    for (const std::vector<Candidate>& best : best_) {
      for (const Candidate& candidate : best) {
        if (output_of[candidate.series] != kNone) continue;
        output_of[candidate.series] = 0;
        chosen.push_back(candidate.series);
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
      for (const Candidate& candidate : best_[i]) {
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
  std::vector<std::vector<Candidate>> best_;  // [group][step], best first
  std::vector<Column> columns_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeTopK(OperatorPtr input, OperatorPtr param, const PlanNode& node,
                     const TimeRange& range, ExecContext& context) {
  return std::make_unique<TopK>(std::move(input), std::move(param), node, range, context);
}

}  // namespace sloburn::engine
