// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/limit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status_macros.h"
#include "engine/exec/annotation_texts.h"
#include "engine/exec/grouping.h"
#include "engine/exec/sample_count.h"
#include "engine/exec/value_heap.h"

namespace sloburn::engine {
namespace {

// limitk and limit_ratio: some of the series, whole or step by step.
class Limit : public Operator {
 public:
  Limit(OperatorPtr input, OperatorPtr param, const PlanNode& node, const TimeRange& range,
        ExecContext& context)
      : context_(context),
        input_(std::move(input)),
        param_(std::move(param)),
        expr_(std::get<parser::AggregateExpr>(node.expr->node)),
        is_instant_(range.is_instant()) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    RETURN_IF_ERROR(param_->Open());
    Column param;
    RETURN_IF_ERROR(param_->Next(param));
    ASSIGN_OR_RETURN(const bool chooses_any, Prepare(param));
    if (!chooses_any) return Drain(*input_);
    grouping_ = GroupSeries(input_->series(), expr_);
    RETURN_IF_ERROR(PrepareGroups(grouping_.groups.size()));
    series_ = input_->series();
    return is_instant_ ? Arrange() : absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    if (is_instant_) {
      column = std::move(columns_[next_++]);
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(input_->Next(column));
    Choose(next_, grouping_.of_series[next_], column);
    ++next_;
    return absl::OkStatus();
  }

 protected:
  // Looks at the parameter's values; false where nothing can be chosen.
  virtual absl::StatusOr<bool> Prepare(const Column& param) = 0;
  virtual absl::Status PrepareGroups(size_t /*groups*/) { return absl::OkStatus(); }
  // Erases what is not chosen of the input series `series`.
  virtual void Choose(size_t series, size_t group, Column& column) = 0;

  const Labels& LabelsOf(size_t series) const { return input_->series()[series].labels; }

  ExecContext& context_;

 private:
  // At a single step Prometheus yields what it has chosen group by group, each as a heap lies.
  absl::Status Arrange() {
    std::vector<ValueHeap> heaps(grouping_.groups.size());
    AppearanceOrder order(grouping_.groups.size());
    std::vector<Column> chosen(series_.size());
    for (size_t i = 0; i < series_.size(); ++i) {
      const size_t group = grouping_.of_series[i];
      RETURN_IF_ERROR(input_->Next(chosen[i]));
      order.See(group, chosen[i]);
      Choose(i, group, chosen[i]);
      if (!chosen[i].has_sample(0)) continue;
      const double value = chosen[i].present[0] ? chosen[i].values[0] : 0;  // a histogram's is 0
      heaps[group].Offer({value, i}, series_.size());
    }
    std::vector<OutputSeries> arranged;
    for (const size_t group : order.groups()) {
      for (const Candidate& candidate : heaps[group].samples()) {
        arranged.push_back(std::move(series_[candidate.series]));
        columns_.push_back(std::move(chosen[candidate.series]));
      }
    }
    series_ = std::move(arranged);
    return absl::OkStatus();
  }

  const OperatorPtr input_, param_;
  const parser::AggregateExpr& expr_;
  const bool is_instant_;
  Grouping grouping_;
  std::vector<Column> columns_;  // at a single step, in the order of series()
  size_t next_ = 0;
};

class LimitK : public Limit {
 public:
  using Limit::Limit;

 protected:
  absl::StatusOr<bool> Prepare(const Column& k) override {
    ASSIGN_OR_RETURN(const bool chooses_any, ChecksAsSampleCount(k));
    for (const double value : k.values) k_.push_back(value < 1 ? 0 : static_cast<int64_t>(value));
    return chooses_any;
  }

  absl::Status PrepareGroups(size_t groups) override {
    RETURN_IF_ERROR(context_.Hold(static_cast<int64_t>(groups * k_.size())));
    taken_.assign(groups * k_.size(), 0);
    return absl::OkStatus();
  }

  void Choose(size_t /*series*/, size_t group, Column& column) override {
    int64_t* const taken = taken_.data() + group * k_.size();
    for (size_t step = 0; step < column.steps(); ++step) {
      if (!column.has_sample(step)) continue;
      if (taken[step] < k_[step]) {
        ++taken[step];
      } else {
        column.Erase(step);
      }
    }
  }

 private:
  std::vector<int64_t> k_;      // per step
  std::vector<int64_t> taken_;  // [group][step]
};

class LimitRatio : public Limit {
 public:
  LimitRatio(OperatorPtr input, OperatorPtr param, const PlanNode& node, const TimeRange& range,
             ExecContext& context)
      : Limit(std::move(input), std::move(param), node, range, context),
        param_place_(node.children[1]->expr->range) {}

 protected:
  absl::StatusOr<bool> Prepare(const Column& ratio) override {
    const auto is_nan = [](double value) { return std::isnan(value); };
    if (std::any_of(ratio.values.begin(), ratio.values.end(), is_nan)) {
      return absl::FailedPreconditionError("Ratio value is NaN");
    }
    const auto [least, most] = std::minmax_element(ratio.values.begin(), ratio.values.end());
    if (*least == 0 && *most == 0) return false;
    if (*most > 1) Warn(*most, "1");
    if (*least < -1) Warn(*least, "-1");
    ratio_ = ratio.values;
    return true;
  }

  void Choose(size_t series, size_t /*group*/, Column& column) override {
    constexpr double kMaxHash = static_cast<double>(std::numeric_limits<uint64_t>::max());
    const double place = static_cast<double>(LabelsOf(series).hash()) / kMaxHash;
    for (size_t step = 0; step < column.steps(); ++step) {
      const double ratio = std::clamp(ratio_[step], -1.0, 1.0);
      const bool is_chosen = ratio >= 0 ? place < ratio : place >= 1 + ratio;
      if (!is_chosen || ratio == 0) column.Erase(step);
    }
  }

 private:
  void Warn(double ratio, std::string_view capped) {
    context_.annotations.Warn(param_place_,
                              StrCat("ratio value should be between -1 and 1, got ",
                                     FormatFloatG(ratio), ", capping to ", capped));
  }

  const parser::SourceRange param_place_;
  std::vector<double> ratio_;  // per step
};

}  // namespace

OperatorPtr MakeLimitK(OperatorPtr input, OperatorPtr param, const PlanNode& node,
                       const TimeRange& range, ExecContext& context) {
  return std::make_unique<LimitK>(std::move(input), std::move(param), node, range, context);
}

OperatorPtr MakeLimitRatio(OperatorPtr input, OperatorPtr param, const PlanNode& node,
                           const TimeRange& range, ExecContext& context) {
  return std::make_unique<LimitRatio>(std::move(input), std::move(param), node, range, context);
}

}  // namespace sloburn::engine
