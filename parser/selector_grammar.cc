// SPDX-License-Identifier: Apache-2.0
#include "parser/selector_grammar.h"

#include <cmath>

#include "absl/strings/str_format.h"
#include "base/float_text.h"
#include "parser/duration_grammar.h"
#include "parser/keywords.h"
#include "parser/literals.h"

namespace sloburn::parser {
namespace {

using Kind = TokenKind;

constexpr std::string_view kMatching = "label matching";

bool TakeMatchType(TokenStream& stream, MatchType* type) {
  const Token& token = stream.Peek();
  if (token.kind == Kind::kEqual) {
    *type = MatchType::kEqual;
  } else if (token.kind == Kind::kOperator && token.op == BinaryOperator::kNotEqual) {
    *type = MatchType::kNotEqual;
  } else if (token.kind == Kind::kEqualRegex) {
    *type = MatchType::kRegex;
  } else if (token.kind == Kind::kNotEqualRegex) {
    *type = MatchType::kNotRegex;
  } else {
    return false;
  }
  stream.Take();
  return true;
}

LabelMatcher ParseMatcher(TokenStream& stream) {
  if (!stream.Is(Kind::kIdentifier) && !stream.Is(Kind::kString)) {
    stream.Unexpected(kMatching, "identifier or \"}\"");
  }
  const Token name = stream.Take();
  LabelMatcher matcher;
  matcher.name = name.kind == Kind::kString ? Unquote(name.text) : name.text;
  if (!TakeMatchType(stream, &matcher.type)) {
    if (name.kind == Kind::kIdentifier) stream.Unexpected(kMatching, "label matching operator");
    // A lone string names the metric.
    matcher.value = std::move(matcher.name);
    matcher.name = "__name__";
    matcher.range = name.range;
    return matcher;
  }
  matcher.value = Unquote(stream.Require(Kind::kString, kMatching, "string").text);
  matcher.range = {name.range.begin, stream.last_end()};
  return matcher;
}

std::vector<LabelMatcher> ParseMatchers(TokenStream& stream) {
  stream.Require(Kind::kLeftBrace);
  std::vector<LabelMatcher> matchers;
  if (stream.TakeIf(Kind::kRightBrace)) return matchers;
  while (true) {
    matchers.push_back(ParseMatcher(stream));
    if (stream.TakeIf(Kind::kRightBrace)) return matchers;
    stream.Require(Kind::kComma, kMatching, "\",\" or \"}\"");
    if (stream.TakeIf(Kind::kRightBrace)) return matchers;
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

void ParseOffset(TokenStream& stream, Expr& expr) {
  stream.Take();
  Duration offset = ParseOffsetDuration(stream);
  const Modified parts = ModifiedParts(expr);
  if (parts.offset == nullptr) {
    stream.Report(expr.range,
                  "offset modifier must be preceded by an instant vector selector or range vector "
                  "selector or a subquery");
  } else if (parts.offset->ms != 0 || parts.offset->expr != nullptr) {
    stream.Report(expr.range, "offset may not be set multiple times");
  } else {
    *parts.offset = std::move(offset);
  }
  expr.range.end = stream.last_end();
}

std::string FixedText(double value) {
  if (!std::isfinite(value)) return FormatFloatF(value);
  return absl::StrFormat("%f", value);
}

AtModifier ParseAtTarget(TokenStream& stream, const Expr& expr) {
  AtModifier at;
  if (stream.Is(Kind::kStart) || stream.Is(Kind::kEndKeyword)) {
    at.kind = stream.Take().kind == Kind::kStart ? AtKind::kStart : AtKind::kEnd;
    stream.Require(Kind::kLeftParen, "@", "timestamp");
    stream.Require(Kind::kRightParen, "@", "timestamp");
    return at;
  }
  bool is_negative = false;
  const Token& sign = stream.Peek();
  if (sign.kind == Kind::kOperator &&
      (sign.op == BinaryOperator::kAdd || sign.op == BinaryOperator::kSubtract)) {
    is_negative = stream.Take().op == BinaryOperator::kSubtract;
  }
  if (!stream.Is(Kind::kNumber) && !stream.Is(Kind::kDuration)) {
    stream.Unexpected("@", "timestamp");
  }
  const Token number = stream.Take();
  double seconds = LiteralSeconds(stream, number);
  if (is_negative) seconds = -seconds;
  at.kind = AtKind::kTimestamp;
  // The int64 range in milliseconds.
  if (!(std::fabs(seconds) < 9223372036854775.0)) {
    stream.Report(expr.range,
                  "timestamp out of bounds for @ modifier: " + FixedText(seconds));
    return at;
  }
  at.timestamp_ms = std::llround(seconds * 1000);
  return at;
}

void ParseAt(TokenStream& stream, Expr& expr) {
  stream.Take();
  const AtModifier at = ParseAtTarget(stream, expr);
  const Modified parts = ModifiedParts(expr);
  if (parts.at == nullptr) {
    stream.Report(expr.range,
                  "@ modifier must be preceded by an instant vector selector or range vector "
                  "selector or a subquery");
  } else if (parts.at->kind != AtKind::kNone) {
    stream.Report(expr.range, "@ <timestamp> may not be set multiple times");
  } else {
    *parts.at = at;
  }
  expr.range.end = stream.last_end();
}

void ParseExtended(TokenStream& stream, Expr& expr) {
  const Token word = stream.Take();
  const bool is_anchored = word.kind == Kind::kAnchored;
  const std::string name = is_anchored ? "anchored" : "smoothed";
  const Modified parts = ModifiedParts(expr);
  if (!stream.options().enable_extended_range_selectors) {
    stream.Report(expr.range, name + " modifier is experimental and not enabled");
  } else if (parts.at != nullptr && parts.selector == nullptr) {
    stream.Report(expr.range, name + " modifier is not supported for subqueries");
  } else if (parts.selector == nullptr) {
    stream.Report(expr.range, name + " modifier not implemented");
  } else if (is_anchored && std::holds_alternative<VectorSelector>(expr.node)) {
    stream.Report(expr.range, "anchored modifier not implemented");
  } else {
    (is_anchored ? parts.selector->is_anchored : parts.selector->is_smoothed) = true;
    if (parts.selector->is_anchored && parts.selector->is_smoothed) {
      stream.Report(expr.range, "anchored and smoothed modifiers cannot be used together");
    }
  }
  expr.range.end = stream.last_end();
}

ExprPtr MakeMatrix(TokenStream& stream, ExprPtr expr, Duration range, SourceRange bracket) {
  auto* const vector = std::get_if<VectorSelector>(&expr->node);
  if (vector == nullptr) {
    stream.Report(bracket, "ranges only allowed for vector selectors");
    return expr;
  }
  if (vector->offset.ms != 0 || vector->offset.expr != nullptr) {
    stream.Report(bracket, "no offset modifiers allowed before range");
  } else if (vector->at.kind != AtKind::kNone) {
    stream.Report(bracket, "no @ modifiers allowed before range");
  }
  MatrixSelector matrix;
  matrix.selector_range = expr->range;
  matrix.selector = std::move(*vector);
  matrix.range = std::move(range);
  return std::make_unique<Expr>(std::move(matrix), SourceRange{expr->range.begin, bracket.end});
}

ExprPtr ParseBracket(TokenStream& stream, ExprPtr expr) {
  const Token open = stream.Take();
  Duration range = ParseRangeDuration(stream, "subquery or range selector",
                                      "number, duration, step(), or range()");
  if (stream.TakeIf(Kind::kRightBracket)) {
    return MakeMatrix(stream, std::move(expr), std::move(range),
                      {open.range.begin, stream.last_end()});
  }
  stream.Require(Kind::kColon, "subquery or range", "\":\" or \"]\"");
  SubqueryExpr subquery;
  subquery.range = std::move(range);
  if (!stream.Is(Kind::kRightBracket)) {
    subquery.step = ParseRangeDuration(stream, "subquery selector",
                                       "number, duration, step(), range(), or \"]\"");
  }
  stream.Require(Kind::kRightBracket, "subquery selector", "\"]\"");
  const SourceRange whole = {expr->range.begin, stream.last_end()};
  subquery.expr = std::move(expr);
  return std::make_unique<Expr>(std::move(subquery), whole);
}

}  // namespace

ExprPtr ParseVectorSelector(TokenStream& stream) {
  VectorSelector selector;
  const int begin = stream.Peek().range.begin;
  if (IsMetricNameToken(stream.Peek())) {
    selector.name = stream.Take().text;
    if (stream.Is(Kind::kLeftBrace)) selector.matchers = ParseMatchers(stream);
  } else if (stream.Is(Kind::kLeftBrace)) {
    selector.matchers = ParseMatchers(stream);
  } else {
    stream.Unexpected();
  }
  return std::make_unique<Expr>(std::move(selector), SourceRange{begin, stream.last_end()});
}

bool StartsPostfix(const Token& token) {
  switch (token.kind) {
    case Kind::kLeftBracket:
    case Kind::kOffset:
    case Kind::kAt:
    case Kind::kAnchored:
    case Kind::kSmoothed: return true;
    default: return false;
  }
}

ExprPtr ParsePostfix(TokenStream& stream, ExprPtr expr) {
  switch (stream.Peek().kind) {
    case Kind::kLeftBracket: return ParseBracket(stream, std::move(expr));
    case Kind::kOffset: ParseOffset(stream, *expr); break;
    case Kind::kAt: ParseAt(stream, *expr); break;
    default: ParseExtended(stream, *expr); break;
  }
  return expr;
}

}  // namespace sloburn::parser
