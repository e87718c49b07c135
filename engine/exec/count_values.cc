// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/count_values.h"

#include <algorithm>
#include <unordered_map>

#include "absl/strings/str_cat.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/exec/grouping.h"
#include "engine/model/histogram_text.h"
#include "engine/model/label_builder.h"

namespace sloburn::engine {
namespace {

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
        const std::string text = column.present[step] ? FormatFloatF(column.values[step])
                                                      : ToString(*column.histograms[step]);
        ASSIGN_OR_RETURN(Column * counts, CountsOf(grouping.groups[group], text));
        if (!counts->present[step]) counts->Set(step, 0);
        ++counts->values[step];
      }
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    column = std::move(columns_[next_++]);
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Column*> CountsOf(const OutputSeries& group, const std::string& value) {
    LabelBuilder builder(group.labels);
    if (sets_label_) builder.Set(label_, value);
    const Labels labels = builder.Build();
    const auto [position, is_new] = positions_.try_emplace(labels, columns_.size());
    if (is_new) {
      RETURN_IF_ERROR(context_.Hold(steps_));
      // Unlike other aggregations this one forgets that the name was to be dropped.
      series_.push_back({labels, false});
      columns_.emplace_back();
      columns_.back().Reset(steps_);
    }
    return &columns_[position->second];
  }

  const OperatorPtr input_;
  const std::string label_;
  const parser::AggregateExpr& expr_;
  const size_t steps_;
  ExecContext& context_;
  bool sets_label_ = true;
  std::unordered_map<Labels, size_t, LabelsHash> positions_;
  std::vector<Column> columns_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeCountValues(OperatorPtr input, std::string label,
                            const parser::AggregateExpr& expr, size_t steps,
                            ExecContext& context) {
  return std::make_unique<CountValues>(std::move(input), std::move(label), expr, steps, context);
}

}  // namespace sloburn::engine
