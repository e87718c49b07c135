// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/name_dropping.h"

#include <unordered_map>

#include "base/status_macros.h"

namespace sloburn::engine {
namespace {

class Merge : public Operator {
 public:
  Merge(OperatorPtr input, MergeRule rule, ExecContext& context)
      : input_(std::move(input)), rule_(rule), context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    std::unordered_map<Labels, size_t, LabelsHash> positions;
    for (const OutputSeries& series : input_->series()) {
      const auto [position, is_new] = positions.try_emplace(series.labels, series_.size());
      if (is_new) {
        series_.push_back(series);
      } else {
        has_duplicates_ = true;
        series_[position->second].drops_name |= series.drops_name;
      }
      targets_.push_back(position->second);
    }
    return has_duplicates_ ? Join() : absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    if (!has_duplicates_) return input_->Next(column);
    column = std::move(joined_[next_++]);
    context_.Release(column.steps());
    return absl::OkStatus();
  }

 private:
  absl::Status Join() {
    joined_.resize(series_.size());
    std::vector<uint8_t> has_samples(series_.size(), 0);
    Column column;
    for (const size_t target : targets_) {
      RETURN_IF_ERROR(input_->Next(column));
      Column& into = joined_[target];
      if (into.present.empty()) {
        into.Reset(column.steps());
        RETURN_IF_ERROR(context_.Hold(column.steps()));
      }
      bool is_empty = true;
      for (size_t step = 0; step < column.steps(); ++step) {
        if (!column.has_sample(step)) continue;
        is_empty = false;
        if (into.has_sample(step)) return absl::FailedPreconditionError(kSameLabelset);
        if (column.present[step]) {
          into.Set(step, column.values[step]);
        } else {
          into.Set(step, std::move(column.histograms[step]));
        }
      }
      if (is_empty) continue;
      if (rule_ == MergeRule::kAnyStep && has_samples[target]) {
        return absl::FailedPreconditionError(kSameLabelset);
      }
      has_samples[target] = 1;
    }
    return absl::OkStatus();
  }

  const OperatorPtr input_;
  const MergeRule rule_;
  ExecContext& context_;
  bool has_duplicates_ = false;
  std::vector<size_t> targets_;
  std::vector<Column> joined_;
  size_t next_ = 0;
};

class MarkedNames : public Operator {
 public:
  explicit MarkedNames(OperatorPtr input) : input_(std::move(input)) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    for (const OutputSeries& series : input_->series()) {
      series_.push_back({series.drops_name ? DropMetricName(series.labels) : series.labels, false});
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override { return input_->Next(column); }

 private:
  const OperatorPtr input_;
};

}  // namespace

OperatorPtr MergeSameLabels(OperatorPtr input, MergeRule rule, ExecContext& context) {
  return std::make_unique<Merge>(std::move(input), rule, context);
}

OperatorPtr DropMarkedNames(OperatorPtr input, ExecContext& context) {
  return MergeSameLabels(std::make_unique<MarkedNames>(std::move(input)), MergeRule::kSameStep,
                         context);
}

}  // namespace sloburn::engine
