// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/classic_histogram.h"

#include <unordered_map>

#include "base/float_text.h"
#include "base/status_macros.h"
#include "engine/exec/column_cache.h"
#include "engine/exec/name_dropping.h"

namespace sloburn::engine {
namespace {

struct BucketSeries {
  double upper_bound;
  size_t series;
};

class ClassicHistogram : public Operator {
 public:
  ClassicHistogram(OperatorPtr input, ScalarArgs args, BucketFunction function, size_t steps,
                   ExecContext& context)
      : input_(std::move(input)),
        args_(std::move(args)),
        function_(function),
        steps_(steps),
        context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    RETURN_IF_ERROR(args_.Open());
    std::unordered_map<Labels, size_t, LabelsHash> positions;
    std::vector<int> uses(input_->series().size(), 0);
    const std::vector<std::string> without = {std::string(kBucketLabel)};
    for (size_t i = 0; i < input_->series().size(); ++i) {
      const OutputSeries& series = input_->series()[i];
      const auto bound = ParseGoFloat(series.labels.Get(kBucketLabel));
      if (!bound) continue;  // not a bucket
      uses[i] = 1;
      const Labels key = WithoutLabels(series.labels, without);
      const auto [position, is_new] = positions.try_emplace(key, groups_.size());
      if (is_new) {
        groups_.emplace_back();
        series_.push_back(DropName({key, series.drops_name}, context_));
      }
      groups_[position->second].push_back({*bound, i});
    }
    columns_ = std::make_unique<ColumnCache>(*input_, std::move(uses), context_);
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    const std::vector<BucketSeries>& group = groups_[next_++];
    std::vector<const Column*> counts(group.size());
    for (size_t i = 0; i < group.size(); ++i) {
      ASSIGN_OR_RETURN(counts[i], columns_->Get(group[i].series));
    }
    column.Reset(steps_);
    std::vector<Bucket> buckets;
    for (size_t step = 0; step < steps_; ++step) {
      buckets.clear();
      for (size_t i = 0; i < group.size(); ++i) {
        if (!counts[i]->present[step]) continue;
        buckets.push_back({group[i].upper_bound, counts[i]->values[step]});
      }
      if (!buckets.empty()) column.Set(step, function_(args_.At(step), buckets));
    }
    for (const BucketSeries& bucket : group) columns_->Release(bucket.series);
    return absl::OkStatus();
  }

 private:
  const OperatorPtr input_;
  ScalarArgs args_;
  const BucketFunction function_;
  const size_t steps_;
  ExecContext& context_;
  std::vector<std::vector<BucketSeries>> groups_;
  std::unique_ptr<ColumnCache> columns_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeClassicHistogram(OperatorPtr input, ScalarArgs args, BucketFunction function,
                                 size_t steps, ExecContext& context) {
  auto made = std::make_unique<ClassicHistogram>(std::move(input), std::move(args), function, steps,
                                                 context);
  return MergeSameLabels(std::move(made), MergeRule::kSameStep, context);
}

}  // namespace sloburn::engine
