// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/vector_binary.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/exec/arithmetic.h"
#include "engine/exec/column_cache.h"
#include "engine/exec/element_binary.h"
#include "engine/exec/name_dropping.h"
#include "engine/exec/vector_matching.h"

namespace sloburn::engine {
namespace {

using parser::Cardinality;
using parser::IsComparison;

constexpr size_t kNoSeries = 0xffffffff;

// A series of the many side joined with one of the one side. kNoSeries: that side is missing and
// its fill value stands in.
struct Pair {
  size_t many, one;
};

// Plans the joins from the labels. Where every match group has at most one series on the one side
// (and, one-to-one, on the other), no step can hold an error and the many side is streamed;
// otherwise, and where fill values stand in for missing samples, both sides are held and every step
// is gone through as Prometheus does.
class VectorBinary : public Operator {
 public:
  VectorBinary(OperatorPtr lhs, OperatorPtr rhs, const parser::Expr& expr, ExecContext& context)
      : lhs_(std::move(lhs)),
        rhs_(std::move(rhs)),
        expr_(std::get<parser::BinaryExpr>(expr.node)),
        is_swapped_(expr_.matching.cardinality == Cardinality::kOneToMany),
        many_(is_swapped_ ? *rhs_ : *lhs_),
        one_(is_swapped_ ? *lhs_ : *rhs_),
        context_(context),
        element_(expr_.op, expr.range, context),
        is_simple_(!expr_.matching.has_fill()) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(lhs_->Open());
    RETURN_IF_ERROR(rhs_->Open());
    groups_ = GroupByMatch(many_.series(), one_.series(), expr_.matching);
    PlanOutputs();
    if (is_simple_) {
      PrepareStreaming();
      return pairs_.empty() ? ReadRest() : absl::OkStatus();
    }
    return EvaluateStepByStep();
  }

  absl::Status Next(Column& column) override {
    if (is_simple_) return NextStreamed(column);
    column = std::move(computed_[next_]);
    context_.Release(column.steps());
    ++next_;
    return absl::OkStatus();
  }

 private:
  bool is_one_to_one() const { return expr_.matching.cardinality == Cardinality::kOneToOne; }

  OutputSeries ResultSeries(const OutputSeries& many, const OutputSeries& one) const {
    const parser::VectorMatching& matching = expr_.matching;
    LabelBuilder labels(many.labels);
    const bool is_arithmetic =
        parser::Describe(expr_.op).op_class == parser::OperatorClass::kArithmetic;
    const bool is_filter = !is_arithmetic && !expr_.returns_bool;
    const bool is_delayed = context_.options.delayed_name_removal && !is_arithmetic;
    if (!is_filter && !is_delayed) labels.DropMetricName();
    if (is_one_to_one()) {
      if (matching.is_on) {
        labels.Keep(matching.labels);
      } else {
        labels.Delete(matching.labels);
      }
    }
    for (const std::string& name : matching.include) labels.Set(name, one.labels.Get(name));
    return {labels.Build(), is_delayed && expr_.returns_bool};
  }

  void PlanOutputs() {
    Positions positions;
    for (const MatchGroup& group : groups_.groups) {
      // Duplicates on the one side are an error even where nothing matches them.
      const bool has_many_left = is_one_to_one() && group.left.size() > 1 && !group.right.empty();
      if (group.right.size() > 1 || has_many_left) is_simple_ = false;
    }
    for (size_t many = 0; many < many_.series().size(); ++many) {
      for (const size_t one : groups_.groups[groups_.of_left[many]].right) {
        AddOutput({many, one}, ResultSeries(many_.series()[many], one_.series()[one]), positions);
      }
    }
    if (expr_.matching.has_fill()) PlanFilledOutputs(positions);
  }

  using Positions = std::unordered_map<Labels, size_t, LabelsHash>;

  void AddOutput(const Pair& pair, OutputSeries result, Positions& positions) {
    const auto [position, is_new] = positions.try_emplace(result.labels, series_.size());
    if (is_new) {
      series_.push_back(std::move(result));
      pairs_.push_back(pair);
    } else {
      is_simple_ = false;
    }
    output_of_[PairKey(pair)] = position->second;
  }

  // A missing side has the labels that are matched on.
  void PlanFilledOutputs(Positions& positions) {
    const parser::VectorMatching& matching = expr_.matching;
    for (size_t i = 0; matching.fill_right && i < many_.series().size(); ++i) {
      const OutputSeries& many = many_.series()[i];
      AddOutput({i, kNoSeries}, ResultSeries(many, {MatchLabels(many.labels, matching)}),
                positions);
    }
    for (size_t i = 0; matching.fill_left && i < one_.series().size(); ++i) {
      const OutputSeries& one = one_.series()[i];
      AddOutput({kNoSeries, i}, ResultSeries({MatchLabels(one.labels, matching)}, one), positions);
    }
  }

  static uint64_t PairKey(const Pair& pair) {
    return static_cast<uint64_t>(pair.many) << 32 | pair.one;
  }

  void PrepareStreaming() {
    std::vector<int> many_uses(many_.series().size(), 0), one_uses(one_.series().size(), 0);
    for (const Pair& pair : pairs_) {
      ++many_uses[pair.many];
      ++one_uses[pair.one];
    }
    many_columns_ = std::make_unique<ColumnCache>(many_, std::move(many_uses), context_);
    one_columns_ = std::make_unique<ColumnCache>(one_, std::move(one_uses), context_);
  }

  absl::Status NextStreamed(Column& column) {
    const Pair pair = pairs_[next_++];
    ASSIGN_OR_RETURN(const Column* many, many_columns_->Get(pair.many));
    ASSIGN_OR_RETURN(const Column* one, one_columns_->Get(pair.one));
    const Column& left = is_swapped_ ? *one : *many;
    const Column& right = is_swapped_ ? *many : *one;
    const size_t steps = left.steps();
    column.Reset(steps);
    if (parser::Describe(expr_.op).op_class == parser::OperatorClass::kTrim) {
      RETURN_IF_ERROR(ApplyToElements(left, right, column));
    } else {
      ApplyToFloats(left, right, column);
      if (!left.histograms.empty() || !right.histograms.empty()) {
        RETURN_IF_ERROR(ApplyToElements(left, right, column));
      }
    }
    many_columns_->Release(pair.many);
    one_columns_->Release(pair.one);
    return next_ == pairs_.size() ? ReadRest() : absl::OkStatus();
  }

  // Series without a partner are evaluated too, as in Prometheus: they may warn or fail.
  absl::Status ReadRest() {
    element_.Annotate();
    if (!many_.series().empty()) {
      RETURN_IF_ERROR(many_columns_->Get(many_.series().size() - 1).status());
    }
    if (one_.series().empty()) return absl::OkStatus();
    return one_columns_->Get(one_.series().size() - 1).status();
  }

  void ApplyToFloats(const Column& left, const Column& right, Column& column) const {
    const size_t steps = column.steps();
    for (size_t i = 0; i < steps; ++i) column.present[i] = left.present[i] & right.present[i];
    if (IsComparison(expr_.op)) {
      WithComparison(expr_.op, [&](auto holds) {
        for (size_t i = 0; i < steps; ++i) {
          const bool is_true = holds(left.values[i], right.values[i]);
          column.values[i] = expr_.returns_bool ? is_true : left.values[i];
          if (!expr_.returns_bool) column.present[i] &= is_true;
        }
      });
      return;
    }
    WithArithmetic(expr_.op, [&](auto apply) {
      for (size_t i = 0; i < steps; ++i) {
        column.values[i] = apply(left.values[i], right.values[i]);
      }
    });
  }

  // What ApplyToFloats leaves: pairs with a histogram, and all pairs of a trim operator.
  absl::Status ApplyToElements(const Column& left, const Column& right, Column& column) {
    const bool is_trim =
        parser::Describe(expr_.op).op_class == parser::OperatorClass::kTrim;
    for (size_t i = 0; i < column.steps(); ++i) {
      if (!left.has_sample(i) || !right.has_sample(i)) continue;
      if (!is_trim && left.present[i] && right.present[i]) continue;
      RETURN_IF_ERROR(context_.Work(kHistogramWork));
      Store(element_.Apply(i, ElementAt(left, i), ElementAt(right, i)), i, column);
    }
    return absl::OkStatus();
  }

  void Store(BinaryOutcome outcome, size_t step, Column& column) const {
    if (outcome.is_refused) return;
    if (expr_.returns_bool) {
      column.Set(step, outcome.is_kept ? 1.0 : 0.0);
    } else if (outcome.is_kept && outcome.result.histogram != nullptr) {
      column.Set(step, std::move(outcome.result.histogram));
    } else if (outcome.is_kept) {
      column.Set(step, outcome.result.value);
    }
  }

  absl::StatusOr<std::vector<Column>> ReadAll(Operator& side) {
    std::vector<Column> columns(side.series().size());
    for (Column& column : columns) {
      RETURN_IF_ERROR(side.Next(column));
      RETURN_IF_ERROR(context_.Hold(HeldSamples(column)));
    }
    return columns;
  }

  absl::Status EvaluateStepByStep() {
    ASSIGN_OR_RETURN(const std::vector<Column> many, ReadAll(many_));
    ASSIGN_OR_RETURN(const std::vector<Column> one, ReadAll(one_));
    const size_t steps = !many.empty() ? many[0].steps() : !one.empty() ? one[0].steps() : 0;
    computed_.resize(series_.size());
    for (Column& column : computed_) {
      column.Reset(steps);
      RETURN_IF_ERROR(context_.Hold(steps));
    }
    for (size_t step = 0; step < steps; ++step) {
      const auto is_present = [step](const Column& column) { return column.has_sample(step); };
      const bool has_many = std::any_of(many.begin(), many.end(), is_present);
      const bool has_one = std::any_of(one.begin(), one.end(), is_present);
      RETURN_IF_ERROR(context_.Work(static_cast<int64_t>(many.size() + one.size())));
      if (!has_many && !(has_one && expr_.matching.has_fill())) continue;
      RETURN_IF_ERROR(EvaluateStep(step, many, one));
    }
    element_.Annotate();
    for (const Column& column : many) context_.Release(HeldSamples(column));
    for (const Column& column : one) context_.Release(HeldSamples(column));
    return absl::OkStatus();
  }

  // What was joined at a step so far.
  struct StepMatches {
    std::vector<uint8_t> is_matched;        // per match group
    std::unordered_set<uint64_t> outputs;   // (match group, output)
  };

  absl::Status EvaluateStep(size_t step, const std::vector<Column>& many,
                            const std::vector<Column>& one) {
    std::vector<size_t> one_of_group(groups_.groups.size(), kNoSeries);
    for (size_t i = 0; i < one.size(); ++i) {
      if (!one[i].has_sample(step)) continue;
      size_t& found = one_of_group[groups_.of_right[i]];
      if (found != kNoSeries) return DuplicateOnOneSide(found, i);
      found = i;
    }
    const parser::VectorMatching& matching = expr_.matching;
    StepMatches matches;
    matches.is_matched.assign(groups_.groups.size(), 0);
    for (size_t i = 0; i < many.size(); ++i) {
      if (!many[i].has_sample(step)) continue;
      const size_t group = groups_.of_left[i];
      const size_t match = one_of_group[group];
      if (match == kNoSeries && !matching.fill_right) continue;
      const Element right = match == kNoSeries ? Element{*matching.fill_right}
                                               : ElementAt(one[match], step);
      RETURN_IF_ERROR(Join(step, {i, match}, group, ElementAt(many[i], step), right, matches));
    }
    for (size_t i = 0; matching.fill_left && i < one.size(); ++i) {
      const size_t group = groups_.of_right[i];
      if (!one[i].has_sample(step) || matches.is_matched[group]) continue;
      RETURN_IF_ERROR(Join(step, {kNoSeries, i}, group, Element{*matching.fill_left},
                           ElementAt(one[i], step), matches));
    }
    return absl::OkStatus();
  }

  absl::Status Join(size_t step, const Pair& pair, size_t group, const Element& many,
                    const Element& one, StepMatches& matches) {
    BinaryOutcome outcome =
        is_swapped_ ? element_.Apply(step, one, many) : element_.Apply(step, many, one);
    if (outcome.is_refused) return absl::OkStatus();
    const size_t output = output_of_.at(PairKey(pair));
    if (is_one_to_one()) {
      if (matches.is_matched[group]) {
        return absl::FailedPreconditionError(
            "multiple matches for labels: many-to-one matching must be explicit "
            "(group_left/group_right)");
      }
    } else if (!matches.outputs.insert(static_cast<uint64_t>(group) << 32 | output).second) {
      return absl::FailedPreconditionError(
          "multiple matches for labels: grouping labels must ensure unique matches");
    }
    matches.is_matched[group] = 1;
    if (!outcome.is_kept && !expr_.returns_bool) return absl::OkStatus();
    Column& column = computed_[output];
    if (column.has_sample(step)) return absl::FailedPreconditionError(kSameLabelset);
    Store(std::move(outcome), step, column);
    return absl::OkStatus();
  }

  absl::Status DuplicateOnOneSide(size_t a, size_t b) const {
    std::string first = one_.series()[a].labels.ToBraces();
    std::string second = one_.series()[b].labels.ToBraces();
    if (second < first) std::swap(first, second);
    return absl::FailedPreconditionError(absl::StrCat(
        "found duplicate series for the match group ",
        MatchLabels(one_.series()[b].labels, expr_.matching).ToBraces(), " on the ",
        is_swapped_ ? "left" : "right", " hand-side of the operation: [", first, ", ", second,
        "];many-to-many matching not allowed: matching labels must be unique on one side"));
  }

  const OperatorPtr lhs_, rhs_;
  const parser::BinaryExpr& expr_;
  const bool is_swapped_;
  Operator& many_;
  Operator& one_;
  ExecContext& context_;
  ElementBinary element_;
  MatchGroups groups_;
  bool is_simple_;
  std::vector<Pair> pairs_;  // per output, when simple
  std::unordered_map<uint64_t, size_t> output_of_;
  std::unique_ptr<ColumnCache> many_columns_, one_columns_;
  std::vector<Column> computed_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeVectorBinary(OperatorPtr lhs, OperatorPtr rhs, const parser::Expr& expr,
                             ExecContext& context) {
  return std::make_unique<VectorBinary>(std::move(lhs), std::move(rhs), expr, context);
}

}  // namespace sloburn::engine
