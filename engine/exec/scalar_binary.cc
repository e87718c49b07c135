// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/scalar_binary.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/exec/arithmetic.h"
#include "engine/exec/element_binary.h"
#include "engine/exec/name_dropping.h"

namespace sloburn::engine {
namespace {

using parser::IsComparison;

class ScalarBinary : public Operator {
 public:
  ScalarBinary(OperatorPtr lhs, OperatorPtr rhs, ScalarSide scalars,
               const parser::Expr& expr, ExecContext& context)
      : lhs_(std::move(lhs)),
        rhs_(std::move(rhs)),
        scalars_(scalars),
        expr_(std::get<parser::BinaryExpr>(expr.node)),
        context_(context),
        element_(expr_.op, expr.range, context) {}

  absl::Status Open() override {
    RETURN_IF_ERROR(lhs_->Open());
    RETURN_IF_ERROR(rhs_->Open());
    // With two scalars the left one takes the part of the vector.
    Operator& scalar = scalars_ == ScalarSide::kLeft ? *lhs_ : *rhs_;
    vector_ = scalars_ == ScalarSide::kLeft ? rhs_.get() : lhs_.get();
    RETURN_IF_ERROR(scalar.Next(scalar_));
    const bool drops_name =
        parser::Describe(expr_.op).op_class == parser::OperatorClass::kArithmetic ||
        expr_.returns_bool;
    for (const OutputSeries& series : vector_->series()) {
      series_.push_back(drops_name ? DropName(series, context_) : series);
    }
    return absl::OkStatus();
  }

  absl::Status Next(Column& column) override {
    RETURN_IF_ERROR(vector_->Next(column));
    const bool is_trim = parser::Describe(expr_.op).op_class == parser::OperatorClass::kTrim;
    if (is_trim && scalars_ == ScalarSide::kBoth) {
      return absl::FailedPreconditionError(
          StrCat("operator ", GoQuote(parser::Symbol(expr_.op)),
                 " not allowed for Scalar operations"));
    }
    if (is_trim || !column.histograms.empty()) {
      RETURN_IF_ERROR(ApplyToElements(column));
    } else if (IsComparison(expr_.op)) {
      Compare(column);
    } else {
      Calculate(column);
    }
    if (++next_ == series_.size()) element_.Annotate();
    return absl::OkStatus();
  }

 private:
  absl::Status ApplyToElements(Column& column) {
    for (size_t i = 0; i < column.steps(); ++i) {
      if (!column.has_sample(i)) continue;
      RETURN_IF_ERROR(context_.Work(kHistogramWork));
      const bool is_scalar_left = scalars_ == ScalarSide::kLeft;
      const Element scalar{scalar_.values[i]}, element = ElementAt(column, i);
      BinaryOutcome outcome =
          is_scalar_left ? element_.Apply(i, scalar, element) : element_.Apply(i, element, scalar);
      column.Erase(i);
      if (outcome.is_refused) continue;
      // The value that is kept is always the vector's.
      if (IsComparison(expr_.op)) outcome.result = element;
      if (expr_.returns_bool) {
        column.Set(i, outcome.is_kept ? 1.0 : 0.0);
      } else if (outcome.is_kept && outcome.result.histogram != nullptr) {
        column.Set(i, std::move(outcome.result.histogram));
      } else if (outcome.is_kept) {
        column.Set(i, outcome.result.value);
      }
    }
    return absl::OkStatus();
  }

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
  ElementBinary element_;
  Operator* vector_ = nullptr;
  Column scalar_;
  size_t next_ = 0;
};

}  // namespace

OperatorPtr MakeScalarBinary(OperatorPtr lhs, OperatorPtr rhs, ScalarSide scalars,
                             const parser::Expr& expr, ExecContext& context) {
  auto made =
      std::make_unique<ScalarBinary>(std::move(lhs), std::move(rhs), scalars, expr, context);
  return MergeSameLabels(std::move(made), MergeRule::kSameStep, context);
}

}  // namespace sloburn::engine
