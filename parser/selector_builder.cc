// SPDX-License-Identifier: Apache-2.0
#include "parser/selector_builder.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/float_text.h"
#include "parser/literals.h"

namespace sloburn::parser {
namespace {

MatchType MatchTypeOf(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEqual: return MatchType::kEqual;
    case TokenKind::kEqualRegex: return MatchType::kRegex;
    case TokenKind::kNotEqualRegex: return MatchType::kNotRegex;
    default: return MatchType::kNotEqual;
  }
}

// The parts of a selector, range selector or subquery that modifiers change; nulls otherwise.
struct Modified {
  Duration* offset = nullptr;
  AtModifier* at = nullptr;
  VectorSelector* selector = nullptr;
};

Modified ModifiedParts(Expr& expr) {
  if (auto* vector = std::get_if<VectorSelector>(&expr.node)) {
    return {&vector->offset, &vector->at, vector};
  }
  if (auto* matrix = std::get_if<MatrixSelector>(&expr.node)) {
    return {&matrix->selector.offset, &matrix->selector.at, &matrix->selector};
  }
  if (auto* subquery = std::get_if<SubqueryExpr>(&expr.node)) {
    return {&subquery->offset, &subquery->at, nullptr};
  }
  return {};
}

bool IsSet(const Duration& duration) { return duration.ms != 0 || duration.expr != nullptr; }

// Go's %f.
std::string FixedText(double value) {
  return std::isfinite(value) ? absl::StrFormat("%f", value) : FormatFloatF(value);
}

}  // namespace

void SelectorBuilder::Apply(const SyntaxStep& step) {
  const Token& token = tokens_[std::max(step.token, 0)];
  switch (step.kind) {
    case StepKind::kSelector:
      expr_ = std::make_unique<Expr>(VectorSelector(), SourceRange());
      selector_ = &std::get<VectorSelector>(expr_->node);
      expr_->range.begin = expr_->range.end = tokens_[step.token + 1].range.begin;
      return;
    case StepKind::kMetricName: selector_->name = token.text; return;
    case StepKind::kMatcherName:
      matcher_ = LabelMatcher();
      has_match_type_ = false;
      matcher_.name = NameOf(token);
      matcher_.range = token.range;
      return;
    case StepKind::kMatchType:
      has_match_type_ = true;
      matcher_.type = MatchTypeOf(token);
      return;
    case StepKind::kMatchValue:
      matcher_.value = Unquote(token.text);
      matcher_.range.end = token.range.end;
      if (vocabulary_ != nullptr) errors_.Report(matcher_.range, vocabulary_->CheckMatcher(matcher_));
      return;
    default:
      if (!has_match_type_) {
        matcher_.value = std::move(matcher_.name);
        matcher_.name = "__name__";
      }
      if (selector_->matchers.empty()) selector_->matchers.reserve(2);
      selector_->matchers.push_back(std::move(matcher_));
  }
}

ExprPtr SelectorBuilder::Finish(const SyntaxStep& step) {
  if (step.token >= 0) expr_->range.end = tokens_[step.token].range.end;
  return std::move(expr_);
}

void ApplyOffset(Expr& expr, Duration offset, int end, FirstError& errors) {
  const Modified parts = ModifiedParts(expr);
  if (parts.offset == nullptr) {
    errors.Report(expr.range,
                  "offset modifier must be preceded by an instant vector selector or range vector "
                  "selector or a subquery");
  } else if (IsSet(*parts.offset)) {
    errors.Report(expr.range, "offset may not be set multiple times");
  } else {
    *parts.offset = std::move(offset);
  }
  expr.range.end = end;
}

void ApplyAt(Expr& expr, const AtModifier& at, int end, FirstError& errors) {
  const Modified parts = ModifiedParts(expr);
  if (parts.at == nullptr) {
    errors.Report(expr.range,
                  "@ modifier must be preceded by an instant vector selector or range vector "
                  "selector or a subquery");
  } else if (parts.at->kind != AtKind::kNone) {
    errors.Report(expr.range, "@ <timestamp> may not be set multiple times");
  } else {
    *parts.at = at;
  }
  expr.range.end = end;
}

AtModifier AtTimestamp(double seconds, const Expr& expr, FirstError& errors) {
  AtModifier at;
  at.kind = AtKind::kTimestamp;
  // The int64 range in milliseconds.
  if (!(std::fabs(seconds) < 9223372036854775.0)) {
    errors.Report(expr.range, "timestamp out of bounds for @ modifier: " + FixedText(seconds));
    return at;
  }
  at.timestamp_ms = std::llround(seconds * 1000);
  return at;
}

void ApplyExtended(Expr& expr, const Token& word, const ParseOptions& options,
                   FirstError& errors) {
  const bool is_anchored = word.kind == TokenKind::kAnchored;
  const std::string name = is_anchored ? "anchored" : "smoothed";
  const Modified parts = ModifiedParts(expr);
  if (!options.enable_extended_range_selectors) {
    errors.Report(expr.range, name + " modifier is experimental and not enabled");
  } else if (parts.at == nullptr) {
    errors.Report(expr.range, name + " modifier not implemented");
  } else if (parts.selector == nullptr) {
    errors.Report(expr.range, name + " modifier is not supported for subqueries");
  } else {
    (is_anchored ? parts.selector->is_anchored : parts.selector->is_smoothed) = true;
    if (parts.selector->is_anchored && parts.selector->is_smoothed) {
      errors.Report(expr.range, "anchored and smoothed modifiers cannot be used together");
    }
  }
  expr.range.end = word.range.end;
}

ExprPtr MakeMatrixSelector(ExprPtr expr, Duration range, SourceRange bracket,
                           FirstError& errors) {
  auto* const vector = std::get_if<VectorSelector>(&expr->node);
  if (vector == nullptr) {
    errors.Report(bracket, "ranges only allowed for vector selectors");
    return expr;
  }
  if (IsSet(vector->offset)) {
    errors.Report(bracket, "no offset modifiers allowed before range");
  } else if (vector->at.kind != AtKind::kNone) {
    errors.Report(bracket, "no @ modifiers allowed before range");
  }
  MatrixSelector matrix;
  matrix.selector_range = expr->range;
  matrix.selector = std::move(*vector);
  matrix.range = std::move(range);
  expr->node = std::move(matrix);
  expr->range.end = bracket.end;
  return expr;
}

}  // namespace sloburn::parser
