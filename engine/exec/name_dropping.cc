// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/name_dropping.h"

#include <algorithm>
#include <limits>

#include "absl/container/flat_hash_map.h"
#include "base/status_macros.h"

namespace sloburn::engine {
namespace {

constexpr size_t kNever = std::numeric_limits<size_t>::max();

class Merge : public Operator {
 public:
  Merge(OperatorPtr input, MergeRule rule, ExecContext& context)
      : input_(std::move(input)), rule_(rule), context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    absl::flat_hash_map<Labels, size_t, LabelsHash> positions;
    positions.reserve(input_->series().size());
    series_.reserve(input_->series().size());
    targets_.reserve(input_->series().size());
    for (const OutputSeries& series : input_->series()) {
      const auto [position, is_new] = positions.try_emplace(series.labels, series_.size());
      if (is_new) {
        series_.push_back(series);
      } else {
        has_duplicates_ = true;
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
    std::vector<size_t> first_steps(series_.size(), kNever);
    std::vector<size_t> order;  // of first samples: that in which Prometheus has those of an instant
    Column column;
    for (size_t i = 0; i < targets_.size(); ++i) {
      const size_t target = targets_[i];
      RETURN_IF_ERROR(input_->Next(column));
      ASSIGN_OR_RETURN(const size_t first_step, MoveSamples(column, joined_[target]));
      if (first_step == kNever) continue;
      size_t& known_first = first_steps[target];
      if (known_first == kNever) {
        order.push_back(target);
      } else if (rule_ == MergeRule::kAnyStep) {
        return absl::FailedPreconditionError(kSameLabelset);
      }
      if (first_step < known_first) {
        known_first = first_step;
        series_[target].drops_name = input_->series()[i].drops_name;
      }
    }
    Rearrange(order);
    return absl::OkStatus();
  }

  // Returns the step of the first sample.
  absl::StatusOr<size_t> MoveSamples(Column& from, Column& into) {
    if (into.present.empty()) {
      into.Reset(from.steps());
      RETURN_IF_ERROR(context_.Hold(from.steps()));
    }
    size_t first_step = kNever;
    for (size_t step = 0; step < from.steps(); ++step) {
      if (!from.has_sample(step)) continue;
      first_step = std::min(first_step, step);
      if (into.has_sample(step)) return absl::FailedPreconditionError(kSameLabelset);
      if (from.present[step]) {
        into.Set(step, from.values[step]);
      } else {
        into.Set(step, std::move(from.histograms[step]));
      }
    }
    return first_step;
  }

  // Leaves out what is not in `order`: it has no sample.
  void Rearrange(const std::vector<size_t>& order) {
    std::vector<OutputSeries> series;
    std::vector<Column> joined;
    for (const size_t target : order) {
      series.push_back(std::move(series_[target]));
      joined.push_back(std::move(joined_[target]));
    }
    for (const Column& left_out : joined_) context_.Release(left_out.steps());
    series_ = std::move(series);
    joined_ = std::move(joined);
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
