// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/vector_binary.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/exec/arithmetic.h"
#include "engine/exec/column_cache.h"
#include "engine/exec/name_dropping.h"
#include "engine/exec/vector_matching.h"

namespace sloburn::engine {
namespace {

using parser::Cardinality;
using parser::IsComparison;

// A series of the many side joined with one of the one side.
struct Pair {
  size_t many, one;
  friend bool operator==(const Pair&, const Pair&) = default;
};

// Plans the joins from the labels. Where every match group has at most one series on the one side
// (and, one-to-one, on the other), no step can hold an error and the many side is streamed;
// otherwise both sides are held and every step is checked as Prometheus does.
class VectorBinary : public Operator {
 public:
  VectorBinary(OperatorPtr lhs, OperatorPtr rhs, const parser::BinaryExpr& expr,
               ExecContext& context)
      : lhs_(std::move(lhs)),
        rhs_(std::move(rhs)),
        expr_(expr),
        is_swapped_(expr.matching.cardinality == Cardinality::kOneToMany),
        many_(is_swapped_ ? *rhs_ : *lhs_),
        one_(is_swapped_ ? *lhs_ : *rhs_),
        context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(lhs_->Open());
    RETURN_IF_ERROR(rhs_->Open());
    groups_ = GroupByMatch(many_.series(), one_.series(), expr_.matching);
    PlanOutputs();
    if (is_simple_) {
      PrepareStreaming();
      return absl::OkStatus();
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
    const bool is_filter = IsComparison(expr_.op) && !expr_.returns_bool;
    const bool is_delayed = context_.options.delayed_name_removal && IsComparison(expr_.op);
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
    std::unordered_map<Labels, size_t, LabelsHash> positions;
    for (const MatchGroup& group : groups_.groups) {
      // Duplicates on the one side are an error even where nothing matches them.
      const bool has_many_left = is_one_to_one() && group.left.size() > 1 && !group.right.empty();
      if (group.right.size() > 1 || has_many_left) is_simple_ = false;
    }
    for (size_t many = 0; many < many_.series().size(); ++many) {
      for (const size_t one : groups_.groups[groups_.of_left[many]].right) {
        OutputSeries result = ResultSeries(many_.series()[many], one_.series()[one]);
        const auto [position, is_new] = positions.try_emplace(result.labels, series_.size());
        if (is_new) {
          series_.push_back(std::move(result));
          pairs_.push_back({many, one});
        } else {
          is_simple_ = false;
        }
        output_of_[PairKey({many, one})] = position->second;
      }
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
    for (size_t i = 0; i < steps; ++i) column.present[i] = left.present[i] & right.present[i];
    if (IsComparison(expr_.op)) {
      WithComparison(expr_.op, [&](auto holds) {
        for (size_t i = 0; i < steps; ++i) {
          const bool is_true = holds(left.values[i], right.values[i]);
          column.values[i] = expr_.returns_bool ? is_true : left.values[i];
          if (!expr_.returns_bool) column.present[i] &= is_true;
        }
      });
    } else {
      WithArithmetic(expr_.op, [&](auto apply) {
        for (size_t i = 0; i < steps; ++i) {
          column.values[i] = apply(left.values[i], right.values[i]);
        }
      });
    }
    many_columns_->Release(pair.many);
    one_columns_->Release(pair.one);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<Column>> ReadAll(Operator& side) {
    std::vector<Column> columns(side.series().size());
    for (Column& column : columns) {
      RETURN_IF_ERROR(side.Next(column));
      RETURN_IF_ERROR(context_.Hold(column.steps()));
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
      const auto is_present = [step](const Column& column) { return column.present[step] != 0; };
      if (std::none_of(many.begin(), many.end(), is_present)) continue;
      RETURN_IF_ERROR(EvaluateStep(step, many, one));
    }
    context_.Release(static_cast<int64_t>(steps * (many.size() + one.size())));
    return absl::OkStatus();
  }

  absl::Status EvaluateStep(size_t step, const std::vector<Column>& many,
                            const std::vector<Column>& one) {
    constexpr size_t kNone = static_cast<size_t>(-1);
    std::vector<size_t> one_of_group(groups_.groups.size(), kNone);
    for (size_t i = 0; i < one.size(); ++i) {
      if (!one[i].present[step]) continue;
      size_t& found = one_of_group[groups_.of_right[i]];
      if (found != kNone) return DuplicateOnOneSide(found, i);
      found = i;
    }
    std::vector<uint8_t> is_matched(groups_.groups.size(), 0);
    std::unordered_set<size_t> outputs;
    for (size_t i = 0; i < many.size(); ++i) {
      const size_t group = groups_.of_left[i];
      const size_t match = one_of_group[group];
      if (!many[i].present[step] || match == kNone) continue;
      const size_t output = output_of_.at(PairKey({i, match}));
      if (is_one_to_one()) {
        if (is_matched[group]) {
          return absl::FailedPreconditionError(
              "multiple matches for labels: many-to-one matching must be explicit "
              "(group_left/group_right)");
        }
        is_matched[group] = 1;
      } else if (!outputs.insert(output).second) {
        return absl::FailedPreconditionError(
            "multiple matches for labels: grouping labels must ensure unique matches");
      }
      RETURN_IF_ERROR(Emit(step, output, many[i].values[step], one[match].values[step]));
    }
    return absl::OkStatus();
  }

  absl::Status Emit(size_t step, size_t output, double many, double one) {
    const double left = is_swapped_ ? one : many;
    const double right = is_swapped_ ? many : one;
    double value = 0;
    bool is_kept = true;
    if (IsComparison(expr_.op)) {
      WithComparison(expr_.op, [&](auto holds) { is_kept = holds(left, right); });
      value = expr_.returns_bool ? is_kept : left;
      is_kept |= expr_.returns_bool;
    } else {
      WithArithmetic(expr_.op, [&](auto apply) { value = apply(left, right); });
    }
    if (!is_kept) return absl::OkStatus();
    Column& column = computed_[output];
    if (column.present[step]) return absl::FailedPreconditionError(kSameLabelset);
    column.Set(step, value);
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
  MatchGroups groups_;
  bool is_simple_ = true;
  std::vector<Pair> pairs_;  // per output, when simple
  std::unordered_map<uint64_t, size_t> output_of_;
  std::unique_ptr<ColumnCache> many_columns_, one_columns_;
  std::vector<Column> computed_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeVectorBinary(OperatorPtr lhs, OperatorPtr rhs, const parser::BinaryExpr& expr,
                             ExecContext& context) {
  return std::make_unique<VectorBinary>(std::move(lhs), std::move(rhs), expr, context);
}

}  // namespace sloburn::engine
