// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/count_values.h"

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/exec/grouping.h"
#include "engine/model/histogram_text.h"
#include "engine/model/label_builder.h"

namespace sloburn::engine {
namespace {

// How often a value occurs at each step: the steps one by one while these are few, a count for each
// of all steps from then on.
class ValueCounts {
 public:
  absl::Status Count(size_t step, size_t steps, ExecContext& context) {
    if (counts_.empty() && steps_.size() < steps) {
      steps_.push_back(static_cast<uint32_t>(step));
      return context.Hold(1);
    }
    if (counts_.empty()) {
      counts_.resize(steps);
      for (const uint32_t one : steps_) ++counts_[one];
      steps_ = {};
    }
    ++counts_[step];
    return absl::OkStatus();
  }

  void MoveTo(Column& column, ExecContext& context) {
    context.Release(static_cast<int64_t>(counts_.size() + steps_.size()));
    for (const uint32_t one : steps_) {
      column.Set(one, column.present[one] ? column.values[one] + 1 : 1);
    }
    for (size_t step = 0; step < counts_.size(); ++step) {
      if (counts_[step] > 0) column.Set(step, static_cast<double>(counts_[step]));
    }
    *this = ValueCounts();
  }

 private:
  std::vector<uint32_t> steps_;
  std::vector<uint32_t> counts_;
};

class CountValues : public Operator {
 public:
  CountValues(OperatorPtr input, std::string label, const parser::AggregateExpr& expr,
              size_t steps, ExecContext& context)
      : input_(std::move(input)),
        label_(std::move(label)),
        expr_(expr),
        steps_(steps),
        context_(context) {}

  // The labels depend on the values, so everything is read here.
  absl::Status Open() override {
    if (label_.empty() || !IsValidUtf8(label_)) {
      return absl::FailedPreconditionError(
          absl::StrCat("invalid label name ", GoQuote(label_)));
    }
    RETURN_IF_ERROR(input_->Open());
    // The label is set before grouping: by() keeps it, without() may name it away.
    const auto& names = expr_.grouping;
    sets_label_ = !expr_.is_without ||
                  (label_ != kMetricName &&
                   std::find(names.begin(), names.end(), label_) == names.end());
    const Grouping grouping = GroupSeries(input_->series(), expr_);
    Column column;
    for (const size_t group : grouping.of_series) {
      RETURN_IF_ERROR(input_->Next(column));
      for (size_t step = 0; step < steps_; ++step) {
        if (!column.has_sample(step)) continue;
        RETURN_IF_ERROR(context_.Work(column.present[step] ? 16 : kHistogramWork));
        ASSIGN_OR_RETURN(const size_t value, ValueOf(grouping.groups[group], group, column, step));
        RETURN_IF_ERROR(values_[value].Count(step, steps_, context_));
      }
    }
    output_of_float_.clear();
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    column.Reset(steps_);
    values_[next_++].MoveTo(column, context_);
    return absl::OkStatus();
  }

 private:
  // The output that the sample of `column` at `step` counts to.
  absl::StatusOr<size_t> ValueOf(const OutputSeries& group_series, size_t group,
                                 const Column& column, size_t step) {
    RETURN_IF_ERROR(context_.Work(column.present[step] ? 4 : kHistogramWork));
    if (!column.present[step]) {
      return OutputOf(group_series, ToString(*column.histograms[step]));
    }
    const double value = column.values[step];
    const auto [found, is_new] =
        output_of_float_.try_emplace({group, std::bit_cast<uint64_t>(value)}, 0);
    if (is_new) found->second = OutputOf(group_series, FormatFloatF(value));
    return found->second;
  }

  size_t OutputOf(const OutputSeries& group, const std::string& value) {
    LabelBuilder builder(group.labels);
    if (sets_label_) builder.Set(label_, value);
    const Labels labels = builder.Build();
    const auto [position, is_new] = positions_.try_emplace(labels, values_.size());
    if (is_new) {
      // Unlike other aggregations this one forgets that the name was to be dropped.
      series_.push_back({labels, false});
      values_.emplace_back();
    }
    return position->second;
  }

  const OperatorPtr input_;
  const std::string label_;
  const parser::AggregateExpr& expr_;
  const size_t steps_;
  ExecContext& context_;
  bool sets_label_ = true;
  std::unordered_map<Labels, size_t, LabelsHash> positions_;
  absl::flat_hash_map<std::pair<size_t, uint64_t>, size_t> output_of_float_;
  std::vector<ValueCounts> values_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeCountValues(OperatorPtr input, std::string label,
                            const parser::AggregateExpr& expr, size_t steps,
                            ExecContext& context) {
  return std::make_unique<CountValues>(std::move(input), std::move(label), expr, steps, context);
}

}  // namespace sloburn::engine
