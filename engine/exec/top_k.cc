// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/top_k.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "engine/exec/grouping.h"

namespace sloburn::engine {
namespace {

struct Candidate {
  double value;
  size_t series;
};

class TopK : public Operator {
 public:
  TopK(OperatorPtr input, OperatorPtr param, const parser::AggregateExpr& expr,
       const TimeRange& range, ExecContext& context)
      : input_(std::move(input)),
        param_(std::move(param)),
        expr_(expr),
        is_top_(expr.op == parser::AggregateOperator::kTopk),
        steps_(range.steps()),
        // The order of an instant vector shows; series over several steps keep that of the input.
        is_ordered_(range.is_instant()),
        context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    RETURN_IF_ERROR(param_->Open());
    Column k;
    RETURN_IF_ERROR(param_->Next(k));
    // Nothing is chosen anywhere: Prometheus looks at this before it looks for bad values.
    const double largest = Largest(k);
    if (largest < 1) return absl::OkStatus();
    RETURN_IF_ERROR(CheckParam(k));
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
  // NaN where there is nothing but NaN.
  static double Largest(const Column& k) {
    double largest = k.values.empty() ? 0 : k.values[0];
    for (const double value : k.values) largest = std::fmax(largest, value);
    return largest;
  }

  static absl::Status CheckParam(const Column& k) {
    constexpr double kInt64Limit = 9223372036854775807.0;
    for (const double value : k.values) {
      if (std::isnan(value)) return absl::FailedPreconditionError("Parameter value is NaN");
    }
    const auto [least, most] = std::minmax_element(k.values.begin(), k.values.end());
    if (*least <= -kInt64Limit) {
      return absl::FailedPreconditionError(
          absl::StrCat("Scalar value ", FormatFloatG(*least), " underflows int64"));
    }
    if (*most >= kInt64Limit) {
      return absl::FailedPreconditionError(
          absl::StrCat("Scalar value ", FormatFloatG(*most), " overflows int64"));
    }
    return absl::OkStatus();
  }

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
        if (!column.present[step] || k.values[step] < 1) continue;
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

OperatorPtr MakeTopK(OperatorPtr input, OperatorPtr param, const parser::AggregateExpr& expr,
                     const TimeRange& range, ExecContext& context) {
  return std::make_unique<TopK>(std::move(input), std::move(param), expr, range, context);
}

}  // namespace sloburn::engine
