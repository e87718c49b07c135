// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/set_operation.h"

#include "base/status_macros.h"
#include "engine/exec/name_dropping.h"
#include "engine/exec/vector_matching.h"

namespace sloburn::engine {
namespace {

// The steps at which one of some series has a sample. Chains of set operations have one per operand
// and group: no room is taken for the two usual cases, all steps and none.
class Mask {
 public:
  absl::Status Add(const Column& column, ExecContext& context) {
    if (is_full_) return absl::OkStatus();
    if (HasAll(column)) {
      Clear(context);
      is_full_ = true;
      return absl::OkStatus();
    }
    if (steps_.empty()) {
      RETURN_IF_ERROR(context.Hold(HeldFor(column.steps())));
      steps_.assign(column.steps(), 0);
    }
    for (size_t i = 0; i < column.steps(); ++i) steps_[i] |= column.has_sample(i);
    return absl::OkStatus();
  }
  void Clear(ExecContext& context) {
    if (!steps_.empty()) context.Release(HeldFor(steps_.size()));
    steps_ = {};
  }
  bool empty() const { return !is_full_ && steps_.empty(); }
  bool has(size_t step) const { return is_full_ || (!steps_.empty() && steps_[step] != 0); }

 private:
  // A byte is less than a sample.
  static int64_t HeldFor(size_t steps) { return static_cast<int64_t>(steps) / 8 + 1; }
  static bool HasAll(const Column& column) {
    for (size_t i = 0; i < column.steps(); ++i) {
      if (!column.has_sample(i)) return false;
    }
    return true;
  }

  bool is_full_ = false;
  std::vector<uint8_t> steps_;
};

// `and` and `unless`: the left side, where the right side has (has not) a match.
class Filter : public Operator {
 public:
  Filter(OperatorPtr lhs, OperatorPtr rhs, const parser::BinaryExpr& expr, ExecContext& context)
      : lhs_(std::move(lhs)), rhs_(std::move(rhs)), expr_(expr), context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(lhs_->Open());
    RETURN_IF_ERROR(rhs_->Open());
    groups_ = GroupByMatch(lhs_->series(), rhs_->series(), expr_.matching);
    series_ = lhs_->series();
    return series_.empty() ? Drain(*rhs_) : absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    if (next_ == 0) RETURN_IF_ERROR(ReadRight());
    RETURN_IF_ERROR(lhs_->Next(column));
    const Mask& mask = masks_[groups_.of_left[next_++]];
    const bool keeps_matched = expr_.op == parser::BinaryOperator::kAnd;
    for (size_t i = 0; i < column.steps(); ++i) {
      if (mask.has(i) != keeps_matched) column.Erase(i);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadRight() {
    masks_.resize(groups_.groups.size());
    Column column;
    for (size_t i = 0; i < rhs_->series().size(); ++i) {
      RETURN_IF_ERROR(rhs_->Next(column));
      const size_t group = groups_.of_right[i];
      if (groups_.groups[group].left.empty()) continue;
      RETURN_IF_ERROR(masks_[group].Add(column, context_));
    }
    return absl::OkStatus();
  }

  const OperatorPtr lhs_, rhs_;
  const parser::BinaryExpr& expr_;
  ExecContext& context_;
  MatchGroups groups_;
  std::vector<Mask> masks_;
  size_t next_ = 0;
};

// `or`: the left side, then of the right side what the left has no match for.
class Union : public Operator {
 public:
  Union(OperatorPtr lhs, OperatorPtr rhs, const parser::BinaryExpr& expr, ExecContext& context)
      : lhs_(std::move(lhs)), rhs_(std::move(rhs)), expr_(expr), context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(lhs_->Open());
    RETURN_IF_ERROR(rhs_->Open());
    groups_ = GroupByMatch(lhs_->series(), rhs_->series(), expr_.matching);
    masks_.resize(groups_.groups.size());
    series_ = lhs_->series();
    series_.insert(series_.end(), rhs_->series().begin(), rhs_->series().end());
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    const size_t left_size = lhs_->series().size();
    const size_t index = next_++;
    if (index < left_size) {
      RETURN_IF_ERROR(lhs_->Next(column));
      const size_t group = groups_.of_left[index];
      if (groups_.groups[group].right.empty()) return absl::OkStatus();
      return masks_[group].Add(column, context_);
    }
    RETURN_IF_ERROR(rhs_->Next(column));
    const Mask& mask = masks_[groups_.of_right[index - left_size]];
    if (mask.empty()) return absl::OkStatus();
    for (size_t i = 0; i < column.steps(); ++i) {
      if (mask.has(i)) column.Erase(i);
    }
    return absl::OkStatus();
  }

 private:
  const OperatorPtr lhs_, rhs_;
  const parser::BinaryExpr& expr_;
  ExecContext& context_;
  MatchGroups groups_;
  std::vector<Mask> masks_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeSetOperation(OperatorPtr lhs, OperatorPtr rhs, const parser::BinaryExpr& expr,
                             ExecContext& context) {
  if (expr.op == parser::BinaryOperator::kOr) {
    auto made = std::make_unique<Union>(std::move(lhs), std::move(rhs), expr, context);
    return MergeSameLabels(std::move(made), MergeRule::kSameStep, context);
  }
  return std::make_unique<Filter>(std::move(lhs), std::move(rhs), expr, context);
}

}  // namespace sloburn::engine
