// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/instant_selector.h"

#include <utility>

#include "engine/exec/reset_hints.h"
#include "engine/exec/run_ahead.h"
#include "engine/exec/selector_times.h"
#include "engine/model/histogram.h"
#include "engine/model/stale.h"

namespace sloburn::engine {
namespace {

class InstantSelector : public Operator {
 public:
  InstantSelector(const PlanNode& node, SelectorTimes times, const TimeRange& range,
                  ExecContext& context, SelectorOutput output)
      : matchers_(node.matchers),
        reads_statistics_(node.reads_statistics),
        profile_(context.ProfileOf(node)),
        times_(times),
        range_(range),
        context_(context),
        tally_(context.tally()),
        output_(output) {}

  absl::Status Open() override {
    ASSIGN_OR_RETURN(readers_, context_.snapshot.Select(matchers_, MinTime(), MaxTime()));
    series_.reserve(readers_.size());
    for (const auto& reader : readers_) {
      series_.push_back({reader->labels(), output_ != SelectorOutput::kValue});
    }
    return absl::OkStatus();
  }

  ~InstantSelector() override { EndThreads(); }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(context_.CheckInterrupt());
    if (next_ == 0) BeginThreads();
    if (ahead_ == nullptr) own_.status = Compute(next_, own_);
    Result& result = ahead_ == nullptr ? own_ : ahead_->Next();
    RETURN_IF_ERROR(result.status);
    std::swap(column, result.column);
    if (tally_ != nullptr) tally_->AddColumn(column, reads_statistics_);
    if (++next_ == series_.size()) EndThreads();
    return absl::OkStatus();
  }

 private:
  struct Result {
    absl::Status status;
    Column column;
    SampleBuffer buffer;
  };

  void BeginThreads() {
    threads_ = context_.TakeThreads(series_.size(), range_.steps());
    if (profile_ != nullptr) profile_->threads = threads_;
    if (threads_ == 1) return;
    ahead_ = std::make_unique<RunAhead<Result>>(
        series_.size(), threads_,
        [this](size_t index, Result& result) { result.status = Compute(index, result); });
  }

  void EndThreads() {
    ahead_ = nullptr;
    context_.GiveBackThreads(std::exchange(threads_, 1));
  }

  absl::Status Compute(size_t index, Result& result) {
    const std::unique_ptr<SeriesReader> reader = std::move(readers_[index]);
    ASSIGN_OR_RETURN(const SampleView view, reader->Read(MinTime(), MaxTime(), result.buffer));
    if (profile_ != nullptr) profile_->samples += static_cast<int64_t>(view.size);
    Fill(view, result.column);
    return absl::OkStatus();
  }

  int64_t MinTime() const { return times_.At(range_.start_ms) - context_.lookback_ms + 1; }
  int64_t MaxTime() const { return times_.Newest(range_.at(range_.steps() - 1)); }
  // For the time of a sample Prometheus looks at the pinned time itself, among the samples that it
  // has read for that time less the offset.
  int64_t TimeAt(size_t step) const {
    const bool forgets_offset = times_.is_pinned && output_ != SelectorOutput::kValue;
    return forgets_offset ? times_.pinned_ms : times_.At(range_.at(step));
  }

  void Fill(const SampleView& view, Column& column) const {
    const size_t steps = range_.steps();
    column.Reset(steps);
    size_t next = 0;  // the first sample after the step's time
    for (size_t step = 0; step < steps; ++step) {
      const int64_t time = TimeAt(step);
      while (next < view.size && view.timestamps[next] <= time) ++next;
      if (next == 0) continue;
      const int64_t found = view.timestamps[next - 1];
      if (found <= time - context_.lookback_ms) continue;
      const double value = view.values[next - 1];
      const Histogram* const histogram =
          view.histograms == nullptr ? nullptr : view.histograms[next - 1].get();
      if (IsStale(histogram == nullptr ? value : histogram->sum)) continue;
      if (output_ == SelectorOutput::kStartTimestamp) {
        const int64_t start_ms = view.starts == nullptr ? 0 : view.starts[next - 1];
        column.Set(step, static_cast<double>(start_ms) / 1000);
      } else if (output_ == SelectorOutput::kTimestamp) {
        column.Set(step, static_cast<double>(found) / 1000);
      } else if (histogram == nullptr) {
        column.Set(step, value);
      } else {
        column.Set(step, reads_statistics_ ? WithDetectedReset(view, next - 1)
                                           : view.histograms[next - 1]);
      }
    }
  }

  const Matchers& matchers_;
  const bool reads_statistics_;
  OperatorProfile* const profile_;
  const SelectorTimes times_;
  const TimeRange range_;
  ExecContext& context_;
  SampleTally* const tally_;
  const SelectorOutput output_;
  SeriesSet readers_;
  size_t next_ = 0;
  Result own_;
  int threads_ = 1;
  std::unique_ptr<RunAhead<Result>> ahead_;  // null: read one by one
};

}  // namespace

absl::StatusOr<OperatorPtr> MakeInstantSelector(const PlanNode& node, const TimeRange& range,
                                                ExecContext& context, SelectorOutput output) {
  const auto& selector = std::get<parser::VectorSelector>(node.expr->node);
  ASSIGN_OR_RETURN(const SelectorTimes times,
                   ResolveTimes(selector.at, selector.offset, context, node.at_moves));
  return std::make_unique<InstantSelector>(node, times, range, context, output);
}

}  // namespace sloburn::engine
