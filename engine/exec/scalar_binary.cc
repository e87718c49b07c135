// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/scalar_binary.h"

#include "base/status_macros.h"
#include "engine/exec/arithmetic.h"
#include "engine/exec/name_dropping.h"

namespace sloburn::engine {
namespace {

using parser::IsComparison;

class ScalarBinary : public Operator {
 public:
  ScalarBinary(OperatorPtr lhs, OperatorPtr rhs, ScalarSide scalars,
               const parser::BinaryExpr& expr, ExecContext& context)
      : lhs_(std::move(lhs)),
        rhs_(std::move(rhs)),
        scalars_(scalars),
        expr_(expr),
        context_(context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(lhs_->Open());
    RETURN_IF_ERROR(rhs_->Open());
    // With two scalars the left one takes the part of the vector.
    Operator& scalar = scalars_ == ScalarSide::kLeft ? *lhs_ : *rhs_;
    vector_ = scalars_ == ScalarSide::kLeft ? rhs_.get() : lhs_.get();
    RETURN_IF_ERROR(scalar.Next(scalar_));
    const bool drops_name = !IsComparison(expr_.op) || expr_.returns_bool;
    for (const OutputSeries& series : vector_->series()) {
      series_.push_back(drops_name ? DropName(series, context_) : series);
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(vector_->Next(column));
    if (IsComparison(expr_.op)) {
      Compare(column);
    } else {
      Calculate(column);
    }
    return absl::OkStatus();
  }

 private:
  void Calculate(Column& column) const {
    const size_t steps = column.steps();
    WithArithmetic(expr_.op, [&](auto apply) {
      if (scalars_ == ScalarSide::kLeft) {
        for (size_t i = 0; i < steps; ++i) {
          column.values[i] = apply(scalar_.values[i], column.values[i]);
        }
      } else {
        for (size_t i = 0; i < steps; ++i) {
          column.values[i] = apply(column.values[i], scalar_.values[i]);
        }
      }
    });
  }

  // Filters; the value that is kept is always the vector's. With bool: 0 or 1.
  void Compare(Column& column) const {
    WithComparison(expr_.op, [&](auto holds) {
      for (size_t i = 0; i < column.steps(); ++i) {
        const bool is_true = scalars_ == ScalarSide::kLeft
                                 ? holds(scalar_.values[i], column.values[i])
                                 : holds(column.values[i], scalar_.values[i]);
        if (expr_.returns_bool) {
          column.values[i] = is_true;
        } else {
          column.present[i] &= is_true;
        }
      }
    });
  }

  const OperatorPtr lhs_, rhs_;
  const ScalarSide scalars_;
  const parser::BinaryExpr& expr_;
  ExecContext& context_;
  Operator* vector_ = nullptr;
  Column scalar_;
};

}  // namespace

OperatorPtr MakeScalarBinary(OperatorPtr lhs, OperatorPtr rhs, ScalarSide scalars,
                             const parser::BinaryExpr& expr, ExecContext& context) {
  auto made =
      std::make_unique<ScalarBinary>(std::move(lhs), std::move(rhs), scalars, expr, context);
  return MergeSameLabels(std::move(made), MergeRule::kSameStep, context);
}

}  // namespace sloburn::engine
