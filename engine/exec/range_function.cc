// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/range_function.h"

#include <algorithm>
#include <utility>

#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/exec/absent.h"
#include "engine/exec/annotation_texts.h"
#include "engine/exec/name_dropping.h"
#include "engine/exec/run_ahead.h"
#include "engine/exec/scalar_args.h"
#include "engine/exec/window_source.h"
#include "engine/functions/window_slider.h"

namespace sloburn::engine {
namespace {

// The samples of one series, floats and histograms apart.
struct SplitSamples {
  SampleBuffer floats;
  std::vector<int64_t> histogram_timestamps;
  std::vector<HistogramPtr> histograms;
  std::vector<int64_t> histogram_starts;
  std::vector<int64_t> histogram_sizes = {0};  // in samples, of all before each

  SplitSamples(const SampleView& view, bool uses_starts) {
    for (size_t i = 0; i < view.size; ++i) {
      const bool is_float = view.histograms == nullptr || view.histograms[i] == nullptr;
      if (uses_starts) (is_float ? floats.starts : histogram_starts).push_back(view.starts[i]);
      if (is_float) {
        floats.timestamps.push_back(view.timestamps[i]);
        floats.values.push_back(view.values[i]);
      } else {
        histogram_timestamps.push_back(view.timestamps[i]);
        histograms.push_back(view.histograms[i]);
        histogram_sizes.push_back(histogram_sizes.back() + histograms.back()->SizeInSamples());
      }
    }
  }
};

// Where annotations about an argument point to. Prometheus replaces a subquery by what it has
// evaluated to, which has no place of its own.
parser::SourceRange PlaceOfArgument(const PlanNode& argument) {
  parser::SourceRange place = argument.expr->range;
  if (std::holds_alternative<parser::SubqueryExpr>(argument.expr->node)) place.begin = 0;
  return place;
}

// What facts about one window cost, in samples looked at; for the meter.
constexpr int64_t kWorkOfFacts = 512;

// Counts of windows that threads make ahead take memory.
constexpr int64_t kMaxStepsCountedAhead = 100'000;

using ChunkSummaries = PlanOptions::ChunkSummaries;

const PlanNode& RangeArgument(const PlanNode& node) {
  for (const PlanNodePtr& child : node.children) {
    if (child->type == ValueType::kRangeVector) return *child;
  }
  return *node.children[0];
}

class RangeFunction : public Operator {
 public:
  RangeFunction(std::unique_ptr<WindowSource> source, const PlanNode& node, ScalarArgs args,
                const TimeRange& range, ExecContext& context)
      : source_(std::move(source)),
        function_(*node.function),
        kernel_(std::get<WindowFunction>(function_.implementation)),
        slides_(node.slides && !source_->moves_without_samples()),
        summaries_(source_->moves_without_samples() ? ChunkSummaries::kNever
                                                    : node.reads_summaries),
        profile_(context.ProfileOf(node)),
        source_profile_(context.ProfileOf(RangeArgument(node))),
        place_(PlaceOfArgument(*node.children[0])),
        args_(std::move(args)),
        range_(range),
        context_(context),
        tally_(context.tally()) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(source_->Open());
    RETURN_IF_ERROR(args_.Open());
    series_.reserve(source_->series().size());
    for (const OutputSeries& series : source_->series()) {
      series_.push_back(function_.keeps_name ? series : DropName(series, context_));
    }
    return absl::OkStatus();
  }

  ~RangeFunction() override { EndThreads(); }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(context_.CheckInterrupt());
    if (next_ == 0) BeginThreads();
    if (ahead_ == nullptr) own_.status = ComputeSeries(next_, own_);
    Result& result = ahead_ == nullptr ? own_ : ahead_->Next();
    RETURN_IF_ERROR(result.status);
    std::swap(column, result.column);
    RETURN_IF_ERROR(Finish(source_->series()[next_++].labels, column, result));
    if (next_ == series_.size()) EndThreads();
    return absl::OkStatus();
  }

 private:
  struct WindowCount {
    int64_t step, queryable, read;
  };

  // What a series is made to, and what is to be told about it.
  struct Result {
    absl::Status status;
    Column column;
    size_t largest = 0;  // window, in samples
    uint32_t notes = 0;  // WindowNote
    int64_t overlaps = 0;
    std::vector<WindowCount> counts;  // where samples are counted
    WindowScratch scratch;
  };

  void BeginThreads() {
    // Scalar arguments are looked at, and annotated, by one thread.
    const bool looks_at_args = function_.check_args != nullptr || function_.takes_quantile;
    if (!source_->reads_in_any_order() || (looks_at_args && !slides_)) return;
    if (tally_ != nullptr && range_.steps() > kMaxStepsCountedAhead) return;
    threads_ = context_.TakeThreads(series_.size(), range_.steps());
    if (profile_ != nullptr) profile_->threads = threads_;
    if (threads_ == 1) return;
    ahead_ = std::make_unique<RunAhead<Result>>(
        series_.size(), threads_, [this](size_t index, Result& result) {
          result.status = ComputeSeries(index, result);
        });
  }

  void EndThreads() {
    ahead_ = nullptr;
    context_.GiveBackThreads(std::exchange(threads_, 1));
  }

  absl::Status ComputeSeries(size_t index, Result& result) {
    result.column.Reset(range_.steps());
    result.largest = 0;
    result.notes = 0;
    result.overlaps = 0;
    result.counts.clear();
    // Samples are counted where they are read.
    if (summaries_ != ChunkSummaries::kNever && tally_ == nullptr) {
      ASSIGN_OR_RETURN(const bool is_told, ComputeFromFacts(index, result));
      if (is_told) return absl::OkStatus();
      result.column.Reset(range_.steps());
    }
    if (!source_->reads_in_any_order()) return Compute(source_->NextSeries(), result);
    return Compute(source_->Read(index, result.scratch), result);
  }

  // False: the samples have to be read.
  absl::StatusOr<bool> ComputeFromFacts(size_t index, Result& result) const {
    const std::unique_ptr<FactsReader> reader =
        source_->Facts(index, {.kinds = function_.facts,
                               .windows = range_.steps(),
                               .slides = slides_,
                               .at_any_cost = summaries_ == ChunkSummaries::kAlways});
    if (reader == nullptr) return false;
    WorkMeter meter = context_.NewMeter();
    WindowFacts facts;
    for (size_t step = 0; step < result.column.steps(); ++step) {
      RETURN_IF_ERROR(meter.Add(kWorkOfFacts));
      const int64_t end_ms = source_->WindowEnd(range_.at(step));
      const int64_t start_ms = end_ms - source_->range_ms();
      ASSIGN_OR_RETURN(const bool is_told, reader->Facts(start_ms, end_ms, facts));
      if (!is_told) return false;
      double value;
      if (facts.count > 0 && function_.of_facts(facts, start_ms, end_ms, &value)) {
        result.column.Set(step, value);
      }
    }
    if (source_profile_ != nullptr) ++source_profile_->summarized;
    return true;
  }

  absl::Status Compute(absl::StatusOr<SampleView> read, Result& result) {
    RETURN_IF_ERROR(read.status());
    const SampleView& view = *read;
    if (tally_ != nullptr) Count(view, result);
    const bool uses_starts = view.starts != nullptr && function_.uses_starts &&
                             context_.options.use_start_timestamps;
    if (view.histograms != nullptr || source_->before_ms() != 0 || uses_starts) {
      return SlideMixed(SplitSamples(view, uses_starts), result);
    }
    if (!slides_) return Slide(view, result);
    return SlideSeries(view, result);
  }

  void Count(const SampleView& view, Result& result) {
    CountWindows(view, *source_, range_, [&](int64_t step, int64_t queryable, int64_t read) {
      if (threads_ == 1) {
        AddCount({step, queryable, read});
      } else {
        result.counts.push_back({step, queryable, read});
      }
    });
  }
  void AddCount(const WindowCount& count) {
    tally_->AddQueryable(count.step, count.queryable);
    if (count.read > 0) tally_->AddRead(count.step, count.read);
  }

  // What only the consumer's thread may do: arguments, limits, annotations, counts.
  absl::Status Finish(const Labels& labels, const Column& column, const Result& result) {
    if (slides_ && (function_.check_args != nullptr || function_.takes_quantile)) {
      for (size_t step = 0; step < column.steps(); ++step) {
        if (column.present[step]) RETURN_IF_ERROR(CheckArgs(args_.At(step)));
      }
    }
    RETURN_IF_ERROR(context_.Hold(static_cast<int64_t>(result.largest)));
    context_.Release(static_cast<int64_t>(result.largest));
    for (const WindowCount& count : result.counts) AddCount(count);
    const std::string_view metric = labels.Get(kMetricName);
    AnnotateNotes(result.notes, metric);
    if (result.overlaps > 0) {
      context_.annotations.WarnCounted(
          place_, StrCat(notes::kStartOverlap, " ", GoQuote(metric)), result.overlaps);
    }
    if (function_.expects_counter) NoteNonCounter(labels, column);
    return absl::OkStatus();
  }

  absl::Status Slide(const SampleView& view, Result& result) {
    Column& column = result.column;
    WorkMeter meter = context_.NewMeter();
    WindowSlider slider(view.timestamps, view.size);
    for (size_t step = 0; step < column.steps(); ++step) {
      const int64_t eval_ms = range_.at(step);
      const int64_t end_ms = source_->WindowEnd(eval_ms);
      const int64_t start_ms = end_ms - source_->range_ms();
      const int64_t to_ms = source_->SamplesEnd(eval_ms);
      const size_t size = slider.MoveTo(to_ms - source_->range_ms(), to_ms);
      if (size == 0) continue;
      result.largest = std::max(result.largest, size);
      RETURN_IF_ERROR(meter.Add(static_cast<int64_t>(size)));
      const double* const args = args_.At(step);
      RETURN_IF_ERROR(CheckArgs(args));
      const Window window{view.timestamps + slider.begin(), view.values + slider.begin(), size,
                          start_ms, end_ms, eval_ms};
      double value;
      if (kernel_(window, args, &value)) column.Set(step, value);
    }
    return absl::OkStatus();
  }

  // How many steps to slide over at once: all, unless that would take long.
  size_t StepsOfBlock(const SampleView& view) const {
    constexpr size_t kAtOnce = 1 << 20;  // samples and steps
    const size_t steps = range_.steps();
    if (view.size + steps <= kAtOnce) return steps;
    const double span_ms =
        view.size == 0 ? 1 : view.timestamps[view.size - 1] - view.timestamps[0] + 1;
    const double window = static_cast<double>(view.size) * source_->range_ms() / span_ms + 1;
    return static_cast<size_t>(std::clamp(4 * kAtOnce / window, 4.0, double{kAtOnce}));
  }

  absl::Status SlideSeries(const SampleView& view, Result& result) const {
    Column& column = result.column;
    const int64_t step_ms = source_->WindowEnd(range_.step_ms) - source_->WindowEnd(0);
    const int64_t* const times = view.timestamps;
    const size_t steps = column.steps(), block = StepsOfBlock(view);
    WorkMeter meter = context_.NewMeter();
    for (size_t first = 0; first < steps; first += block) {
      if (first > 0) RETURN_IF_ERROR(meter.Check());
      const size_t size = std::min(block, steps - first);
      const int64_t first_end_ms = source_->WindowEnd(range_.at(first));
      const int64_t last_end_ms = first_end_ms + static_cast<int64_t>(size - 1) * step_ms;
      const int64_t *begin = times, *end = times + view.size;
      if (size < steps) {
        begin = std::upper_bound(begin, end, first_end_ms - source_->range_ms());
        end = std::upper_bound(begin, end, last_end_ms);
      }
      const SeriesWindows windows{begin, view.values + (begin - times),
                                  static_cast<size_t>(end - begin), size, first_end_ms, step_ms,
                                  source_->range_ms(), args_.At(first), args_.width(),
                                  view.interval_ms, view.may_have_resets};
      const StepValues out{column.values.data() + first, column.present.data() + first};
      result.largest = std::max(result.largest, function_.sliding(windows, out));
    }
    return absl::OkStatus();
  }

  absl::Status SlideMixed(const SplitSamples& samples, Result& result) {
    Column& column = result.column;
    WorkMeter meter = context_.NewMeter();
    WindowSlider floats(samples.floats.timestamps.data(), samples.floats.timestamps.size());
    WindowSlider histograms(samples.histogram_timestamps.data(), samples.histograms.size());
    for (size_t step = 0; step < column.steps(); ++step) {
      const int64_t eval_ms = range_.at(step);
      const int64_t end_ms = source_->WindowEnd(eval_ms);
      const int64_t start_ms = end_ms - source_->range_ms();
      MixedWindow window;
      const int64_t samples_end_ms = source_->SamplesEnd(eval_ms);
      const int64_t from_ms = samples_end_ms - source_->range_ms() - source_->before_ms();
      const int64_t to_ms = samples_end_ms + source_->after_ms();
      const size_t size = floats.MoveTo(from_ms, to_ms);
      window.floats = {samples.floats.timestamps.data() + floats.begin(),
                       samples.floats.values.data() + floats.begin(),
                       size, start_ms, end_ms, eval_ms,
                       StartsFrom(samples.floats.starts, floats.begin())};
      window.histogram_size = histograms.MoveTo(from_ms, to_ms);
      window.histogram_timestamps = samples.histogram_timestamps.data() + histograms.begin();
      window.histograms = samples.histograms.data() + histograms.begin();
      window.histogram_starts = StartsFrom(samples.histogram_starts, histograms.begin());
      if (size + window.histogram_size == 0) continue;
      const size_t last = histograms.begin() + window.histogram_size;
      result.largest = std::max<size_t>(
          result.largest, size + samples.histogram_sizes[last] -
                              samples.histogram_sizes[histograms.begin()]);
      RETURN_IF_ERROR(meter.Add(static_cast<int64_t>(size + kHistogramWork * window.histogram_size)));
      const double* const args = args_.At(step);
      RETURN_IF_ERROR(CheckArgs(args, size > 0));
      WindowResult of_window = Apply(window, args);
      result.notes |= of_window.notes;
      result.overlaps += (of_window.notes & kNoteStartOverlap) != 0;
      if (of_window.has_value) {
        column.Set(step, of_window.value);
      } else if (of_window.histogram != nullptr) {
        column.Set(step, std::move(of_window.histogram));
      }
    }
    return absl::OkStatus();
  }

  static const int64_t* StartsFrom(const std::vector<int64_t>& starts, size_t begin) {
    return starts.empty() ? nullptr : starts.data() + begin;
  }

  WindowResult Apply(const MixedWindow& window, const double* args) const {
    WindowResult result;
    if (source_->before_ms() > 0) {
      function_.extended(window, source_->after_ms() > 0, result);
      return result;
    }
    const bool has_starts =
        window.floats.starts != nullptr || window.histogram_starts != nullptr;
    if ((window.histogram_size > 0 || has_starts) && function_.mixed != nullptr) {
      function_.mixed(window, args, result);
      return result;
    }
    if (window.floats.size == 0) return result;
    if (window.histogram_size > 0) result.notes = kNoteHistogramsIgnored;
    result.has_value = kernel_(window.floats, args, &result.value);
    return result;
  }

  // At a step whose window has samples.
  absl::Status CheckArgs(const double* args, bool has_floats = true) {
    if (function_.check_args != nullptr) RETURN_IF_ERROR(function_.check_args(args));
    if (function_.takes_quantile && has_floats && !IsQuantile(args[0])) {
      context_.annotations.Warn(place_, InvalidQuantileText(args[0]));
    }
    return absl::OkStatus();
  }

  void AnnotateNotes(uint32_t notes, std::string_view metric) {
    if (notes == 0) return;
    const auto with_name = [&](std::string_view text) {
      return StrCat(text, " ", GoQuote(metric));
    };
    const auto warn = [&](uint32_t note, std::string_view text) {
      if (notes & note) context_.annotations.Warn(place_, text);
    };
    const auto inform = [&](uint32_t note, std::string_view text) {
      if (notes & note) context_.annotations.Inform(place_, text);
    };
    warn(kNoteMixed, with_name(notes::kMixedFloatsHistograms));
    warn(kNoteNotCounter, with_name(notes::kNotCounter));
    warn(kNoteNotGauge, with_name(notes::kNotGauge));
    warn(kNoteMixedSchemas, with_name(notes::kMixedSchemas));
    warn(kNoteResetCollision, StrCat(notes::kResetCollision, " aggregation"));
    inform(kNoteHistogramsIgnored, with_name(notes::kHistogramsIgnoredInRange));
    inform(kNoteBoundsReconciledAdd, StrCat(notes::kBoundsReconciled, " addition"));
    inform(kNoteBoundsReconciledSub, StrCat(notes::kBoundsReconciled, " subtraction"));
    inform(kNoteBoundsReconciledAgg, StrCat(notes::kBoundsReconciled, " aggregation"));
  }

  void NoteNonCounter(const Labels& labels, const Column& column) {
    const std::string_view metric = labels.Get(kMetricName);
    if (metric.empty()) return;
    const auto has_sample = [](const Column& c) {
      return std::find(c.present.begin(), c.present.end(), 1) != c.present.end();
    };
    if (context_.options.type_and_unit_labels) {
      const std::string_view type = labels.Get(kTypeLabel);
      if (type == "counter" || type == "histogram" || !has_sample(column)) return;
      context_.annotations.Inform(place_, StrCat(notes::kNotCounterType, ", got ", GoQuote(type),
                                                 ": ", GoQuote(metric)));
      return;
    }
    for (const std::string_view suffix : {"_total", "_sum", "_count", "_bucket"}) {
      if (metric.ends_with(suffix)) return;
    }
    if (!has_sample(column)) return;
    context_.annotations.Inform(place_, StrCat(notes::kNotCounterName, " ", GoQuote(metric)));
  }

  const std::unique_ptr<WindowSource> source_;
  const FunctionRow& function_;
  const WindowFunction kernel_;
  const bool slides_;
  const ChunkSummaries summaries_;
  OperatorProfile* const profile_;
  OperatorProfile* const source_profile_;
  const parser::SourceRange place_;
  ScalarArgs args_;
  const TimeRange range_;
  ExecContext& context_;
  SampleTally* const tally_;  // null: samples are not counted
  size_t next_ = 0;
  Result own_;
  int threads_ = 1;
  std::unique_ptr<RunAhead<Result>> ahead_;  // null: computed one by one
};

class AbsentOverTime : public Operator {
 public:
  AbsentOverTime(std::unique_ptr<WindowSource> source, Labels labels, const TimeRange& range,
                 ExecContext& context)
      : source_(std::move(source)), range_(range), tally_(context.tally()) {
    series_.push_back({std::move(labels), false});
  }

  absl::Status Open() override { return source_->Open(); }

  absl::Status Next(Column& column) override {
    column.Reset(range_.steps());
    column.values.assign(range_.steps(), 1);
    column.present.assign(range_.steps(), 1);
    for (size_t i = 0; i < source_->series().size(); ++i) {
      ASSIGN_OR_RETURN(const SampleView view, source_->NextSeries());
      if (tally_ != nullptr) Count(view);
      WindowSlider slider(view.timestamps, view.size);
      for (size_t step = 0; step < column.steps(); ++step) {
        const int64_t end_ms = source_->SamplesEnd(range_.at(step));
        if (slider.MoveTo(end_ms - source_->range_ms(), end_ms) > 0) column.present[step] = 0;
      }
    }
    return absl::OkStatus();
  }

 private:
  void Count(const SampleView& view) {
    CountWindows(view, *source_, range_, [this](int64_t step, int64_t queryable, int64_t read) {
      tally_->AddQueryable(step, queryable);
      if (read > 0) tally_->AddRead(step, read);
    });
  }

  const std::unique_ptr<WindowSource> source_;
  const TimeRange range_;
  SampleTally* const tally_;
};

// Which functions take the modifiers; in the order of their names.
absl::Status CheckModifiers(const PlanNode& call) {
  const auto* const matrix =
      std::get_if<parser::MatrixSelector>(&RangeArgument(call).expr->node);
  if (matrix == nullptr) return absl::OkStatus();
  const FunctionRow& row = *call.function;
  const auto refuse = [&row](std::string_view modifier, bool needs_smoothed) {
    std::string allowed;
    for (const FunctionRow* other : AllFunctions()) {
      if (other->extended == nullptr || (needs_smoothed && !other->takes_smoothed)) continue;
      StrAppend(&allowed, allowed.empty() ? "" : ", ", other->name);
    }
    return absl::FailedPreconditionError(StrCat(modifier, " modifier can only be used with: ",
                                                allowed, " - not with ", row.name));
  };
  if (matrix->selector.is_anchored && row.extended == nullptr) return refuse("anchored", false);
  if (matrix->selector.is_smoothed && !row.takes_smoothed) return refuse("smoothed", true);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<OperatorPtr> MakeRangeFunction(const PlanNode& node, const TimeRange& range,
                                              ExecContext& context) {
  RETURN_IF_ERROR(CheckModifiers(node));
  ASSIGN_OR_RETURN(auto source, MakeWindowSource(RangeArgument(node), range, context));
  ASSIGN_OR_RETURN(ScalarArgs args, ScalarArgs::Build(node, range, context));
  auto made = std::make_unique<RangeFunction>(std::move(source), node, std::move(args), range,
                                              context);
  return MergeSameLabels(std::move(made), MergeRule::kAnyStep, context);
}

absl::StatusOr<OperatorPtr> MakeAbsentOverTime(const PlanNode& node, const TimeRange& range,
                                               ExecContext& context) {
  RETURN_IF_ERROR(CheckModifiers(node));
  ASSIGN_OR_RETURN(auto source, MakeWindowSource(*node.children[0], range, context));
  return std::make_unique<AbsentOverTime>(std::move(source), AbsentLabels(*node.children[0]),
                                          range, context);
}

}  // namespace sloburn::engine
