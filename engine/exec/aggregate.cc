// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/aggregate.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "engine/exec/annotation_texts.h"
#include "engine/exec/cell_rows.h"
#include "engine/exec/grouping.h"
#include "engine/exec/histogram_totals.h"
#include "engine/model/compensated_sum.h"
#include "engine/functions/quantile.h"
#include "engine/model/stale.h"

namespace sloburn::engine {
namespace {

// The running state of one group at one step (a cell): Add for every sample, then Result once. The
// first sample of a group is given to First.
struct AvgState {
  CompensatedMean mean;
  void First(double value) { mean.First(value); }
  void Add(double value) { mean.Add(value); }
  double Result() const { return mean.Result(); }
};

struct CountState {
  double count = 0;
  void First(double) { count = 1; }
  void Add(double) { ++count; }
  double Result() const { return count; }
};

struct GroupState {
  void First(double) {}
  void Add(double) {}
  double Result() const { return 1; }
};

// NaN gives way to any number.
struct MinState {
  double value = 0;
  void First(double v) { value = v; }
  void Add(double v) {
    if (value > v || std::isnan(value)) value = v;
  }
  double Result() const { return value; }
};

struct MaxState {
  double value = 0;
  void First(double v) { value = v; }
  void Add(double v) {
    if (value < v || std::isnan(value)) value = v;
  }
  double Result() const { return value; }
};

// Welford without compensation; a first sample that is no finite number spoils the group.
struct VarianceState {
  double count = 0, mean = 0, m2 = 0;
  void First(double v) {
    count = 1;
    mean = v;
    m2 = std::isfinite(v) ? 0 : std::numeric_limits<double>::quiet_NaN();
  }
  void Add(double v) {
    ++count;
    const double delta = v - mean;
    mean += delta / count;
    m2 += delta * (v - mean);
  }
  double Result() const { return m2 / count; }
};

struct DeviationState : VarianceState {
  double Result() const { return std::sqrt(m2 / count); }
};

// The states of a group, a cell for each step.
template <typename State>
class States {
 public:
  void Grow(size_t in_front, size_t size) {
    states_.insert(states_.begin(), in_front, State());
    states_.resize(size);
  }
  void First(size_t cell, double value) { states_[cell].First(value); }
  void Add(size_t cell, double value) { states_[cell].Add(value); }
  void AddToEach(size_t cell, const double* values, size_t size) {
    for (size_t i = 0; i < size; ++i) states_[cell + i].Add(values[i]);
  }
  double Result(size_t cell) const { return states_[cell].Result(); }

 private:
  std::vector<State> states_;
};

// Sums are by far the most used: their parts lie in columns, for several to be added at once.
struct SumState {};

template <>
class States<SumState> {
 public:
  void Grow(size_t in_front, size_t size) {
    for (std::vector<double>* const column : {&sums_, &compensations_}) {
      column->insert(column->begin(), in_front, 0);
      column->resize(size);
    }
  }
  void First(size_t cell, double value) { sums_[cell] = value; }
  void Add(size_t cell, double value) {
    CompensatedSum sum = {sums_[cell], compensations_[cell]};
    sum.Add(value);
    sums_[cell] = sum.sum;
    compensations_[cell] = sum.c;
  }
  void AddToEach(size_t cell, const double* values, size_t size) {
    sloburn::AddToEach(sums_.data() + cell, compensations_.data() + cell, values, size);
  }
  double Result(size_t cell) const { return sums_[cell] + compensations_[cell]; }

 private:
  std::vector<double> sums_, compensations_;
};

constexpr double kInf = std::numeric_limits<double>::infinity();

// What an aggregation does with native histograms.
enum class HistogramUse { kTotal, kCount, kIgnore };

HistogramUse UseOf(parser::AggregateOperator op) {
  switch (op) {
    case parser::AggregateOperator::kSum:
    case parser::AggregateOperator::kAvg: return HistogramUse::kTotal;
    case parser::AggregateOperator::kCount:
    case parser::AggregateOperator::kGroup: return HistogramUse::kCount;
    default: return HistogramUse::kIgnore;
  }
}

void NoteIgnored(const parser::AggregateExpr& expr, parser::SourceRange place,
                 ExecContext& context) {
  context.annotations.Inform(place, HistogramIgnoredText(parser::Describe(expr.op).name));
}

template <typename State>
class Aggregate : public Operator {
 public:
  Aggregate(OperatorPtr input, const PlanNode& node, size_t steps, ExecContext& context)
      : input_(std::move(input)),
        expr_(std::get<parser::AggregateExpr>(node.expr->node)),
        place_(node.children[0]->expr->range),
        steps_(steps),
        context_(context),
        histograms_(expr_.op == parser::AggregateOperator::kAvg, place_, context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    grouping_ = GroupSeries(input_->series(), expr_);
    RETURN_IF_ERROR(ReadAll());
    for (const size_t group : order_.groups()) series_.push_back(grouping_.groups[group]);
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    column.Reset(steps_);
    const size_t group = order_.groups()[next_++];
    Row& row = rows_[group];
    for (size_t step = row.begin(); step < row.end(); ++step) {
      if (!histograms_.empty()) {
        RETURN_IF_ERROR(context_.Work(kHistogramWork));
        if (SetHistogram(group, step, column)) continue;
      }
      if (row.is_seen(step)) column.Set(step, row.states().Result(row.cell(step)));
    }
    row.Clear(context_);
    return absl::OkStatus();
  }

 private:
  using Row = CellRow<States<State>>;

  absl::Status ReadAll() {
    order_ = AppearanceOrder(grouping_.groups.size());
    rows_.resize(grouping_.groups.size());
    Column column;
    for (size_t i = 0; i < grouping_.of_series.size(); ++i) {
      const size_t group = grouping_.of_series[i];
      RETURN_IF_ERROR(input_->Next(column));
      order_.See(group, column);
      if (!histograms_.empty()) DropAfterBroken(group, column);
      const StepSpan span = SpanOf(column);
      if (span.empty()) continue;
      RETURN_IF_ERROR(rows_[group].Cover(span, steps_, context_));
      AddFloats(rows_[group], span, column);
      if (!column.histograms.empty()) {
        RETURN_IF_ERROR(TakeHistograms(group, input_->series()[i], column));
      }
    }
    return absl::OkStatus();
  }

  void AddFloats(Row& row, StepSpan span, const Column& column) {
    States<State>& states = row.states();
    size_t step = span.begin;
    while (step < span.end) {
      if (!column.present[step]) {
        ++step;
      } else if (!row.is_seen(step)) {
        states.First(row.cell(step), column.values[step]);
        row.See(step++);
      } else {
        const size_t end = std::min(FirstAbsent(column, step, span.end), row.FirstUnseen(step));
        states.AddToEach(row.cell(step), column.values.data() + step, end - step);
        step = end;
      }
    }
  }

  static size_t FirstAbsent(const Column& column, size_t step, size_t end) {
    const uint8_t* const present = column.present.data();
    const void* const found = std::memchr(present + step, 0, end - step);
    return found == nullptr ? end : static_cast<const uint8_t*>(found) - present;
  }

  absl::Status TakeHistograms(size_t group, const OutputSeries& series, const Column& column) {
    const HistogramUse use = UseOf(expr_.op);
    Row& row = rows_[group];
    for (size_t step = 0; step < steps_; ++step) {
      if (!column.has_histogram(step)) continue;
      RETURN_IF_ERROR(context_.Work(kHistogramWork));
      if (use == HistogramUse::kIgnore) {
        NoteIgnored(expr_, place_, context_);
      } else if (use == HistogramUse::kTotal) {
        histograms_.Add(group * steps_ + step, column.histograms[step], row.is_seen(step),
                        series.labels.Get(kMetricName));
      } else if (row.is_seen(step)) {
        row.states().Add(row.cell(step), 0);
      } else {
        row.states().First(row.cell(step), 0);
        row.See(step);
      }
    }
    return absl::OkStatus();
  }

  void DropAfterBroken(size_t group, Column& column) const {
    for (size_t step = 0; step < steps_; ++step) {
      if (histograms_.IsBroken(group * steps_ + step)) column.Erase(step);
    }
  }

  // False where there are floats only.
  bool SetHistogram(size_t group, size_t step, Column& column) {
    HistogramPtr total;
    const HistogramTotals::Outcome outcome =
        histograms_.Take(group * steps_ + step, rows_[group].is_seen(step), &total);
    if (outcome == HistogramTotals::Outcome::kHistogram) column.Set(step, std::move(total));
    return outcome != HistogramTotals::Outcome::kNoHistogram;
  }

  const OperatorPtr input_;
  const parser::AggregateExpr& expr_;
  const parser::SourceRange place_;
  const size_t steps_;
  ExecContext& context_;
  HistogramTotals histograms_;
  Grouping grouping_;
  AppearanceOrder order_;
  std::vector<Row> rows_;  // per group
  size_t next_ = 0;
};

class QuantileAggregate : public Operator {
 public:
  QuantileAggregate(OperatorPtr input, OperatorPtr param, const PlanNode& node, size_t steps,
                    ExecContext& context)
      : input_(std::move(input)),
        param_(std::move(param)),
        expr_(std::get<parser::AggregateExpr>(node.expr->node)),
        place_(node.children[0]->expr->range),
        param_place_(node.children[1]->expr->range),
        steps_(steps),
        context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(input_->Open());
    RETURN_IF_ERROR(param_->Open());
    RETURN_IF_ERROR(param_->Next(quantile_));
    WarnOfParam();
    grouping_ = GroupSeries(input_->series(), expr_);
    RETURN_IF_ERROR(ReadAll());
    for (const size_t group : order_.groups()) series_.push_back(grouping_.groups[group]);
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    column.Reset(steps_);
    const std::vector<Value> values = std::exchange(values_[order_.groups()[next_++]], {});
    RETURN_IF_ERROR(context_.Work(std::ssize(values)));
    // Brought into the order of their steps.
    std::vector<size_t> ends(steps_ + 1, 0);
    for (const Value& value : values) ++ends[value.step + 1];
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    std::vector<double> sorted(values.size());
    for (const Value& value : values) sorted[ends[value.step]++] = value.value;
    std::vector<double> of_step;
    for (size_t step = 0, begin = 0; step < steps_; begin = ends[step++]) {
      if (ends[step] == begin) continue;
      of_step.assign(sorted.begin() + begin, sorted.begin() + ends[step]);
      column.Set(step, Quantile(quantile_.values[step], of_step));
    }
    context_.Release(std::ssize(values));
    return absl::OkStatus();
  }

 private:
  // Of a NaN and another number NaN is either, unless the other is the infinity in question.
  static double Least(double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return a == -kInf || b == -kInf ? -kInf : a + b;
    return std::min(a, b);
  }
  static double Most(double a, double b) {
    if (std::isnan(a) || std::isnan(b)) return a == kInf || b == kInf ? kInf : a + b;
    return std::max(a, b);
  }

  void WarnOfParam() {
    const auto warn = [this](double q) {
      context_.annotations.Warn(param_place_, InvalidQuantileText(q));
    };
    const std::vector<double>& values = quantile_.values;
    const auto is_nan = [](double q) { return std::isnan(q); };
    if (std::any_of(values.begin(), values.end(), is_nan)) warn(NormalNan());
    double least = 0, most = 1;
    for (const double q : values) {
      least = Least(least, q);
      most = Most(most, q);
    }
    if (most > 1) warn(most);
    if (least < 0) warn(least);
  }

  absl::Status ReadAll() {
    values_.resize(grouping_.groups.size());
    order_ = AppearanceOrder(grouping_.groups.size());
    Column column;
    for (const size_t group : grouping_.of_series) {
      RETURN_IF_ERROR(input_->Next(column));
      order_.See(group, column);
      RETURN_IF_ERROR(context_.Work(column.steps()));
      const size_t before = values_[group].size();
      for (size_t step = 0; step < steps_; ++step) {
        if (column.present[step]) values_[group].push_back({step, column.values[step]});
        if (column.has_histogram(step)) NoteIgnored(expr_, place_, context_);
      }
      RETURN_IF_ERROR(context_.Hold(static_cast<int64_t>(values_[group].size() - before)));
    }
    return absl::OkStatus();
  }

  struct Value {
    size_t step;
    double value;
  };

  const OperatorPtr input_, param_;
  const parser::AggregateExpr& expr_;
  const parser::SourceRange place_, param_place_;
  const size_t steps_;
  ExecContext& context_;
  Grouping grouping_;
  AppearanceOrder order_;
  Column quantile_;
  std::vector<std::vector<Value>> values_;  // per group
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeAggregate(OperatorPtr input, OperatorPtr param, const PlanNode& node,
                          size_t steps, ExecContext& context) {
  using Op = parser::AggregateOperator;
  const auto make = [&]<typename State>(State) -> OperatorPtr {
    return std::make_unique<Aggregate<State>>(std::move(input), node, steps, context);
  };
  switch (std::get<parser::AggregateExpr>(node.expr->node).op) {
    case Op::kSum: return make(SumState());
    case Op::kAvg: return make(AvgState());
    case Op::kCount: return make(CountState());
    case Op::kGroup: return make(GroupState());
    case Op::kMin: return make(MinState());
    case Op::kMax: return make(MaxState());
    case Op::kStddev: return make(DeviationState());
    case Op::kStdvar: return make(VarianceState());
    case Op::kQuantile:
      return std::make_unique<QuantileAggregate>(std::move(input), std::move(param), node, steps,
                                                 context);
    default: break;
  }
  CHECK(false);
}

}  // namespace sloburn::engine
