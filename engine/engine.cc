// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/analyze/analyze.h"
#include "engine/exec/build.h"
#include "engine/exec/deep_stack.h"
#include "engine/exec/name_dropping.h"
#include "engine/exec/window_source.h"
#include "engine/exec/work_meter.h"
#include "engine/functions/extended_range.h"
#include "engine/plan/planner.h"
#include "engine/read_windows.h"
#include "parser/printer.h"

namespace sloburn::engine {

namespace internal {

struct PreparedState {
  parser::ExprPtr expr;
  PlanNodePtr plan;
  size_t depth = 0;  // of the plan
  ValueType type;
  std::string source;  // as it was given; places are in it
  std::string text;    // canonical
  std::vector<PreparedQuery::Selector> selectors;
};

}  // namespace internal

namespace {

absl::StatusOr<Column> ReadScalar(Operator& op) {
  Column column;
  RETURN_IF_ERROR(op.Open());
  RETURN_IF_ERROR(op.Next(column));
  return column;
}

absl::StatusOr<QueryValue> CollectInstant(Operator& op, int64_t time_ms, ExecContext& context) {
  InstantVector vector;
  RETURN_IF_ERROR(op.Open());
  Column column;
  for (const OutputSeries& series : op.series()) {
    RETURN_IF_ERROR(op.Next(column));
    if (!column.has_sample(0)) continue;
    RETURN_IF_ERROR(context.Hold(HeldSamples(column)));
    vector.push_back({series.labels, time_ms, column.values[0],
                      column.has_histogram(0) ? std::move(column.histograms[0]) : nullptr});
  }
  return vector;
}

size_t CountHistograms(const std::vector<HistogramPtr>& histograms) {
  return histograms.size() - std::count(histograms.begin(), histograms.end(), nullptr);
}

int64_t SizeInSamples(const std::vector<HistogramSample>& histograms) {
  return std::accumulate(histograms.begin(), histograms.end(), int64_t{0},
                         [](int64_t sum, const HistogramSample& sample) {
                           return sum + sample.histogram->SizeInSamples();
                         });
}

absl::StatusOr<QueryValue> CollectMatrix(Operator& op, const TimeRange& range,
                                         ExecContext& context) {
  Matrix matrix;
  RETURN_IF_ERROR(op.Open());
  Column column;
  for (const OutputSeries& series : op.series()) {
    RETURN_IF_ERROR(op.Next(column));
    const size_t floats = std::count(column.present.begin(), column.present.end(), 1);
    const size_t histograms = CountHistograms(column.histograms);
    if (floats + histograms == 0) continue;
    // A step without a sample is not kept.
    const size_t absent = column.steps() - floats - histograms;
    RETURN_IF_ERROR(context.Hold(HeldSamples(column) - static_cast<int64_t>(absent)));
    SeriesSamples samples{series.labels, {}};
    samples.samples.reserve(floats);
    samples.histograms.reserve(histograms);
    for (size_t step = 0; step < column.steps(); ++step) {
      if (column.present[step]) {
        samples.samples.push_back({range.at(step), column.values[step]});
      } else if (column.has_histogram(step)) {
        samples.histograms.push_back({range.at(step), std::move(column.histograms[step])});
      }
    }
    matrix.push_back(std::move(samples));
  }
  std::sort(matrix.begin(), matrix.end(),
            [](const SeriesSamples& a, const SeriesSamples& b) { return a.labels < b.labels; });
  return matrix;
}

// anchored and smoothed: the window with samples made for its edges, held by `edged`.
absl::StatusOr<SampleView> AtEdges(const SampleView& view, const WindowSource& source,
                                   int64_t end_ms, EdgedSamples& edged) {
  const bool is_smoothed = source.after_ms() > 0;
  if (view.histograms != nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat(is_smoothed ? "smoothed" : "anchored",
                     " modifier is not supported with histograms"));
  }
  const Window window{view.timestamps, view.values, view.size, end_ms - source.range_ms(), end_ms,
                      end_ms};
  edged = WithEdges(window, is_smoothed);
  return SampleView{edged.timestamps.data(), edged.values.data(), edged.values.size()};
}

template <typename Samples>
absl::Status AppendInOrder(Samples& into, Samples& from) {
  const auto by_time = [](const auto& a, const auto& b) { return a.timestamp_ms < b.timestamp_ms; };
  std::move(from.begin(), from.end(), std::back_inserter(into));
  std::sort(into.begin(), into.end(), by_time);
  const auto same_time = [](const auto& a, const auto& b) {
    return a.timestamp_ms == b.timestamp_ms;
  };
  if (std::adjacent_find(into.begin(), into.end(), same_time) == into.end()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(kSameLabelset);
}

// Series may have become equal as their names were dropped. REQUIRES: sorted by labels.
absl::Status MergeEqualLabels(Matrix& matrix) {
  size_t last = 0;
  for (size_t i = 1; i < matrix.size(); ++i) {
    if (matrix[i].labels == matrix[last].labels) {
      RETURN_IF_ERROR(AppendInOrder(matrix[last].samples, matrix[i].samples));
      RETURN_IF_ERROR(AppendInOrder(matrix[last].histograms, matrix[i].histograms));
    } else if (++last != i) {
      matrix[last] = std::move(matrix[i]);
    }
  }
  if (!matrix.empty()) matrix.resize(last + 1);
  return absl::OkStatus();
}

// A range vector as the result of an instant query: the raw samples of its window.
absl::StatusOr<QueryValue> CollectWindow(const PlanNode& plan, const TimeRange& range,
                                         ExecContext& context) {
  ASSIGN_OR_RETURN(const auto source,
                   MakeWindowSource(plan, range, context, /*is_result=*/true));
  RETURN_IF_ERROR(source->Open());
  const int64_t end_ms = source->WindowEnd(range.start_ms);
  Matrix matrix;
  for (const OutputSeries& series : source->series()) {
    ASSIGN_OR_RETURN(SampleView view, source->NextSeries());
    SeriesSamples samples{series.drops_name ? DropMetricName(series.labels) : series.labels, {}};
    EdgedSamples edged;
    if (source->before_ms() > 0) {
      ASSIGN_OR_RETURN(view, AtEdges(view, *source, end_ms, edged));
    }
    for (size_t i = 0; i < view.size; ++i) {
      const bool is_after_start = view.timestamps[i] > end_ms - source->range_ms();
      if ((!is_after_start && source->before_ms() == 0) || view.timestamps[i] > end_ms) continue;
      if (view.histograms != nullptr && view.histograms[i] != nullptr) {
        samples.histograms.push_back({view.timestamps[i], view.histograms[i]});
      } else {
        samples.samples.push_back({view.timestamps[i], view.values[i]});
      }
    }
    if (samples.empty()) continue;
    const int64_t size =
        static_cast<int64_t>(samples.samples.size()) + SizeInSamples(samples.histograms);
    RETURN_IF_ERROR(context.Hold(size));
    if (context.tally() != nullptr && source->is_stored()) context.tally()->Add(0, size);
    matrix.push_back(std::move(samples));
  }
  std::sort(matrix.begin(), matrix.end(),
            [](const SeriesSamples& a, const SeriesSamples& b) { return a.labels < b.labels; });
  RETURN_IF_ERROR(MergeEqualLabels(matrix));
  return matrix;
}

absl::StatusOr<QueryValue> Evaluate(const internal::PreparedState& state, const TimeRange& range,
                                    bool as_range, ExecContext& context) {
  if (const auto* text = std::get_if<parser::StringLiteral>(&state.plan->expr->node)) {
    return StringResult{range.start_ms, text->value};
  }
  if (state.type == ValueType::kRangeVector) return CollectWindow(*state.plan, range, context);
  ASSIGN_OR_RETURN(OperatorPtr op, BuildOperator(*state.plan, range, context));
  if (context.options.delayed_name_removal) op = DropMarkedNames(std::move(op), context);
  if (as_range) return CollectMatrix(*op, range, context);
  if (state.type == ValueType::kScalar) {
    ASSIGN_OR_RETURN(const Column column, ReadScalar(*op));
    return ScalarResult{range.start_ms, column.values[0]};
  }
  return CollectInstant(*op, range.start_ms, context);
}

}  // namespace

const parser::Expr& PreparedQuery::expr() const { return *state->expr; }
ValueType PreparedQuery::type() const { return state->type; }
const std::string& PreparedQuery::text() const { return state->text; }
const std::vector<PreparedQuery::Selector>& PreparedQuery::selectors() const {
  return state->selectors;
}

absl::StatusOr<PreparedQuery> Prepare(std::string_view text, const QueryOptions& options,
                                      RegexCache* regexes) {
  RegexCache own_regexes;
  absl::Status interrupted;
  if (regexes == nullptr) {
    regexes = &own_regexes;
    own_regexes.SetInterrupt(
        [&interrupted,
         meter = WorkMeter(options.cancelled, absl::Now() + options.timeout)]() mutable {
          interrupted = meter.Check();
          return interrupted;
        });
  }
  absl::StatusOr<AnalyzedExpr> analyzed = Analyze(text, options.parse, *regexes);
  RETURN_IF_ERROR(interrupted);  // which is no error of the text
  RETURN_IF_ERROR(analyzed.status());
  auto state = std::make_shared<internal::PreparedState>();
  state->expr = std::move(analyzed->expr);
  state->type = analyzed->type;
  ASSIGN_OR_RETURN(state->plan, MakePlan(*state->expr, options.plan, *regexes));
  state->depth = PlanDepth(*state->plan);
  state->source = std::string(text);
  state->text = parser::Print(*state->expr);
  state->selectors = ReadWindows(*state->plan, options);
  return PreparedQuery{std::move(state)};
}

absl::StatusOr<ValueType> Check(std::string_view text, const QueryOptions& options,
                                RegexCache* regexes) {
  RegexCache own_regexes;
  ASSIGN_OR_RETURN(const AnalyzedExpr analyzed,
                   Analyze(text, options.parse, regexes != nullptr ? *regexes : own_regexes));
  return analyzed.type;
}

absl::StatusOr<QueryResult> Execute(const PreparedQuery& query, const Snapshot& snapshot,
                                    const TimeRange& range, const QueryOptions& options,
                                    bool as_range) {
  as_range = as_range || !range.is_instant();
  const ValueType type = query.type();
  if (as_range && type != ValueType::kScalar && type != ValueType::kInstantVector) {
    return absl::InvalidArgumentError(absl::StrCat(
        "invalid expression type \"", std::string(TypeName(type)),
        "\" for range query, must be Scalar or instant Vector"));
  }
  RETURN_IF_ERROR(CheckHeld(range.steps(), options));
  ExecContext context(snapshot, range, options);
  std::unique_ptr<QueryProfile> profile;
  if (options.explain) profile = std::make_unique<QueryProfile>(*query.state->plan);
  context.profile = profile.get();
  SampleTallies tallies(range, options.count_samples_by_step);
  if (options.count_samples) context.tallies = &tallies;
  QueryValue value;
  RETURN_IF_ERROR(RunOnDeepStack(query.state->depth, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(value, Evaluate(*query.state, range, as_range, context));
    return absl::OkStatus();
  }));
  QueryResult result{std::move(value), context.annotations.Warnings(query.state->source),
                     context.annotations.Infos(query.state->source), {}, {}};
  if (options.explain) {
    result.explanation = Explain(*query.state->plan, *profile, query.state->source);
  }
  if (options.count_samples) {
    result.samples = tallies.Take();
    result.samples.peak = context.peak();
  }
  return result;
}

}  // namespace sloburn::engine
