// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/sample_tally.h"

#include <algorithm>

#include "engine/model/histogram.h"

namespace sloburn::engine {
namespace {

int64_t SizeOf(const Histogram& histogram, bool is_bare) {
  static const int64_t kBareSize = Histogram().SizeInSamples();
  return is_bare ? kBareSize : histogram.SizeInSamples();
}

std::vector<QuerySamples::Step> WithTimes(const std::vector<int64_t>& by_step,
                                          const TimeRange& range) {
  std::vector<QuerySamples::Step> steps;
  for (size_t i = 0; i < by_step.size(); ++i) {
    steps.push_back({range.at(static_cast<int64_t>(i)), by_step[i]});
  }
  return steps;
}

}  // namespace

SampleTally::SampleTally(Kind kind, const TimeRange& range, SampleTally* parent, bool by_step)
    : kind_(kind), range_(range), parent_(parent) {
  if (!by_step) return;
  queryable_by_step_.resize(range.steps());
  read_by_step_.resize(range.steps());
}

void SampleTally::AddQueryable(size_t step, int64_t samples) {
  queryable_ += samples;
  if (!queryable_by_step_.empty()) queryable_by_step_[step] += samples;
}

void SampleTally::AddRead(size_t step, int64_t samples) {
  switch (kind_) {
    case Kind::kQuery:
      read_ += samples;
      if (!read_by_step_.empty()) read_by_step_[step] += samples;
      return;
    case Kind::kOnce: parent_->AddRead(0, samples); return;
    default: break;
  }
  const int64_t parent_step = ParentStep(step);
  if (parent_step >= 0) parent_->AddRead(parent_step, samples);
}

void SampleTally::AddColumn(const Column& column, bool has_bare_histograms) {
  for (size_t step = 0; step < column.steps(); ++step) {
    if (column.present[step]) {
      Add(step, 1);
    } else if (column.has_histogram(step)) {
      Add(step, SizeOf(*column.histograms[step], has_bare_histograms));
    }
  }
}

int64_t SampleTally::ParentStep(size_t step) const {
  const TimeRange& steps = parent_->range_;
  if (steps.steps() <= 1) return 0;
  const int64_t time_ms = range_.at(static_cast<int64_t>(step)) + offset_ms_;
  int64_t found = 0;
  if (time_ms > steps.start_ms) {
    found = (time_ms - steps.start_ms + steps.step_ms - 1) / steps.step_ms;
  }
  found = std::min(found, steps.steps() - 1);
  // Between the windows of two steps nobody looks.
  return window_ms_ > 0 && time_ms <= steps.at(found) - window_ms_ ? -1 : found;
}

void SampleTally::Close() {
  if (kind_ == Kind::kWholeSubquery) {
    parent_->AddQueryable(parent_->range_.steps() - 1, queryable_);
  } else if (kind_ == Kind::kOnce) {
    for (int64_t step = 0; step < parent_->range_.steps(); ++step) {
      parent_->AddQueryable(step, queryable_);
    }
  }
}

QuerySamples SampleTallies::Take() {
  for (size_t i = tallies_.size(); i-- > 1;) tallies_[i].Close();
  const SampleTally& all = tallies_.front();
  QuerySamples samples;
  samples.queryable = all.queryable();
  samples.read = all.read();
  samples.queryable_by_step = WithTimes(all.queryable_by_step(), range_);
  samples.read_by_step = WithTimes(all.read_by_step(), range_);
  return samples;
}

WindowSizes::WindowSizes(const SampleView& view, bool has_bare_histograms) : view_(view) {
  if (view.histograms == nullptr) return;
  sizes_.push_back(0);
  for (size_t i = 0; i < view.size; ++i) {
    const HistogramPtr& histogram = view.histograms[i];
    sizes_.push_back(sizes_.back() +
                     (histogram == nullptr ? 1 : SizeOf(*histogram, has_bare_histograms)));
  }
}

WindowSizes::Size WindowSizes::MoveTo(int64_t start_ms, int64_t end_ms) {
  const size_t before = end_;
  while (end_ < view_.size && view_.timestamps[end_] <= end_ms) ++end_;
  while (begin_ < end_ && view_.timestamps[begin_] <= start_ms) ++begin_;
  return {SizeBetween(begin_, end_), SizeBetween(std::max(begin_, before), end_)};
}

}  // namespace sloburn::engine
