// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/element_binary.h"

#include "base/utf8.h"
#include "engine/exec/annotation_texts.h"
#include "engine/exec/arithmetic.h"
#include "engine/model/histogram.h"

namespace sloburn::engine {
namespace {

using parser::BinaryOperator;

Element Made(Histogram histogram) {
  return {0, std::make_shared<const Histogram>(std::move(histogram))};
}

bool IsTrim(BinaryOperator op) {
  return op == BinaryOperator::kTrimUpper || op == BinaryOperator::kTrimLower;
}

}  // namespace

BinaryOutcome ElementBinary::Refuse(std::string_view left, std::string_view right) {
  const std::string_view symbol = parser::Symbol(op_);
  last_notes_[step_] = {false, StrCat(notes::kIncompatibleTypes, " ", GoQuote(symbol), ": ", left,
                                      " ", symbol, " ", right)};
  return {.is_refused = true, .is_kept = false};
}

BinaryOutcome ElementBinary::ApplyToFloats(double left, double right) {
  if (IsTrim(op_)) return Refuse("float", "float");
  BinaryOutcome outcome;
  if (parser::IsComparison(op_)) {
    WithComparison(op_, [&](auto holds) { outcome.is_kept = holds(left, right); });
    outcome.result.value = left;
  } else {
    WithArithmetic(op_, [&](auto apply) { outcome.result.value = apply(left, right); });
  }
  return outcome;
}

BinaryOutcome ElementBinary::AddOrSubtract(const Histogram& left, const Histogram& right) {
  const bool is_addition = op_ == BinaryOperator::kAdd;
  const std::string_view name = is_addition ? " addition" : " subtraction";
  Histogram result = left;
  const HistogramSum sum = is_addition ? result.Add(right) : result.Sub(right);
  if (sum.incompatible_schema) {
    last_notes_[step_] = {true, StrCat(notes::kIncompatibleBuckets, " ", parser::Symbol(op_))};
    return {.is_refused = true, .is_kept = false};
  }
  // In Prometheus a warning takes the place of the result, an info does not.
  if (sum.counter_reset_collision) {
    last_notes_[step_] = {true, StrCat(notes::kResetCollision, name)};
    return {.is_refused = true, .is_kept = false};
  }
  if (sum.bounds_reconciled) {
    last_notes_[step_] = {false, StrCat(notes::kBoundsReconciled, name)};
  }
  if (!is_addition) result.reset_hint = CounterResetHint::kGauge;
  result.Compact();
  return {.result = Made(std::move(result))};
}

BinaryOutcome ElementBinary::ApplyToHistograms(const Histogram& left, const Histogram& right) {
  switch (op_) {
    case BinaryOperator::kAdd:
    case BinaryOperator::kSubtract: return AddOrSubtract(left, right);
    case BinaryOperator::kEqual: return {.is_kept = left == right};
    case BinaryOperator::kNotEqual: return {.is_kept = !(left == right)};
    default: return Refuse("histogram", "histogram");
  }
}

BinaryOutcome ElementBinary::Apply(size_t step, const Element& left, const Element& right) {
  step_ = step;
  return Apply(left, right);
}

void ElementBinary::Annotate() {
  for (const auto& [step, note] : last_notes_) {
    if (note.is_warning) {
      context_.annotations.Warn(place_, note.text);
    } else {
      context_.annotations.Inform(place_, note.text);
    }
  }
  last_notes_.clear();
}

BinaryOutcome ElementBinary::Apply(const Element& left, const Element& right) {
  if (left.histogram == nullptr && right.histogram == nullptr) {
    return ApplyToFloats(left.value, right.value);
  }
  if (left.histogram != nullptr && right.histogram != nullptr) {
    BinaryOutcome outcome = ApplyToHistograms(*left.histogram, *right.histogram);
    if (parser::IsComparison(op_)) outcome.result = left;
    return outcome;
  }
  const bool is_left = left.histogram != nullptr;
  Histogram result = is_left ? *left.histogram : *right.histogram;
  const double factor = is_left ? right.value : left.value;
  if (op_ == BinaryOperator::kMultiply) {
    result.Mul(factor);
    result.Compact();
  } else if (op_ == BinaryOperator::kDivide && is_left) {
    result.Div(factor);
    result.Compact();
  } else if (IsTrim(op_) && is_left) {
    result.TrimBuckets(factor, op_ == BinaryOperator::kTrimUpper);
  } else {
    return is_left ? Refuse("histogram", "float") : Refuse("float", "histogram");
  }
  return {.result = Made(std::move(result))};
}

}  // namespace sloburn::engine
