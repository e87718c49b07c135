// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/limit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status_macros.h"
#include "engine/exec/annotation_texts.h"
#include "engine/exec/grouping.h"
#include "engine/exec/sample_count.h"

namespace sloburn::engine {
namespace {

class LimitK : public Operator {
 public:
  LimitK(OperatorPtr input, OperatorPtr param, const parser::AggregateExpr& expr)
      : input_(std::move(input)), param_(std::move(param)), expr_(expr) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    RETURN_IF_ERROR(param_->Open());
    Column k;
    RETURN_IF_ERROR(param_->Next(k));
    ASSIGN_OR_RETURN(const bool chooses_any, ChecksAsSampleCount(k));
    if (!chooses_any) return Drain(*input_);
    for (const double value : k.values) k_.push_back(value < 1 ? 0 : static_cast<int64_t>(value));
    grouping_ = GroupSeries(input_->series(), expr_);
    taken_.assign(grouping_.groups.size() * k_.size(), 0);
    series_ = input_->series();
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(input_->Next(column));
    int64_t* const taken = taken_.data() + grouping_.of_series[next_++] * k_.size();
    for (size_t step = 0; step < column.steps(); ++step) {
      if (!column.has_sample(step)) continue;
      if (taken[step] < k_[step]) {
        ++taken[step];
      } else {
        column.Erase(step);
      }
    }
    return absl::OkStatus();
  }

 private:
  const OperatorPtr input_, param_;
  const parser::AggregateExpr& expr_;
  std::vector<int64_t> k_;  // per step
  Grouping grouping_;
  std::vector<int64_t> taken_;  // [group][step]
  size_t next_ = 0;
};

class LimitRatio : public Operator {
 public:
  LimitRatio(OperatorPtr input, OperatorPtr param, parser::SourceRange param_place,
             ExecContext& context)
      : input_(std::move(input)),
        param_(std::move(param)),
        param_place_(param_place),
        context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    RETURN_IF_ERROR(param_->Open());
    RETURN_IF_ERROR(param_->Next(ratio_));
    if (ratio_.values.empty()) return Drain(*input_);  // a subquery without a step
    const auto is_nan = [](double ratio) { return std::isnan(ratio); };
    if (std::any_of(ratio_.values.begin(), ratio_.values.end(), is_nan)) {
      return absl::FailedPreconditionError("Ratio value is NaN");
    }
    const auto [least, most] = std::minmax_element(ratio_.values.begin(), ratio_.values.end());
    if (*least == 0 && *most == 0) return Drain(*input_);
    if (*most > 1) Warn(*most, "1");
    if (*least < -1) Warn(*least, "-1");
    series_ = input_->series();
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(input_->Next(column));
    constexpr double kMaxHash = static_cast<double>(std::numeric_limits<uint64_t>::max());
    const double place = static_cast<double>(series_[next_++].labels.hash()) / kMaxHash;
    for (size_t step = 0; step < column.steps(); ++step) {
      const double ratio = std::clamp(ratio_.values[step], -1.0, 1.0);
      const bool is_chosen = ratio >= 0 ? place < ratio : place >= 1 + ratio;
      if (!is_chosen || ratio == 0) column.Erase(step);
    }
    return absl::OkStatus();
  }

 private:
  void Warn(double ratio, std::string_view capped) {
    context_.annotations.Warn(
        param_place_, StrCat("ratio value should be between -1 and 1, got ",
                                   FormatFloatG(ratio), ", capping to ", capped));
  }

  const OperatorPtr input_, param_;
  const parser::SourceRange param_place_;
  ExecContext& context_;
  Column ratio_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeLimitK(OperatorPtr input, OperatorPtr param, const parser::AggregateExpr& expr) {
  return std::make_unique<LimitK>(std::move(input), std::move(param), expr);
}

OperatorPtr MakeLimitRatio(OperatorPtr input, OperatorPtr param, parser::SourceRange param_place,
                           ExecContext& context) {
  return std::make_unique<LimitRatio>(std::move(input), std::move(param), param_place, context);
}

}  // namespace sloburn::engine
