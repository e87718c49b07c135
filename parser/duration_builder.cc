// SPDX-License-Identifier: Apache-2.0
#include "parser/duration_builder.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "parser/literals.h"
#include "parser/printer.h"

namespace sloburn::parser {
namespace {

using Kind = DurationExpr::Kind;

// 2^63 nanoseconds.
constexpr double kMaxSeconds = 9223372036.854775807;

Kind KindOf(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kAdd: return Kind::kAdd;
    case BinaryOperator::kSubtract: return Kind::kSubtract;
    case BinaryOperator::kMultiply: return Kind::kMultiply;
    case BinaryOperator::kDivide: return Kind::kDivide;
    case BinaryOperator::kModulo: return Kind::kModulo;
    default: return Kind::kPower;
  }
}

bool IsBareLiteral(const DurationExpr& node) {
  return node.kind == Kind::kLiteral && !node.is_wrapped;
}

}  // namespace

double LiteralSeconds(const Token& token, FirstError& errors) {
  if (token.kind == TokenKind::kNumber) {
    const auto number = ParseNumber(token.text);
    if (number.ok()) return *number;
    errors.Report(token.range, number.status());
    return 0;
  }
  const auto ms = ParseDuration(token.text);
  if (ms.ok()) return static_cast<double>(*ms) / 1000;
  errors.Report(token.range, ms.status());
  return 0;
}

void DurationBuilder::Apply(const SyntaxStep& step) {
  const auto token = [&](int back = 0) -> const Token& { return tokens_[step.token - back]; };
  switch (step.kind) {
    case StepKind::kBeginDuration: open_.Open(); return;
    case StepKind::kEndDuration: return Finish();
    case StepKind::kEndRange: return FinishRange(step);
    case StepKind::kDurationSign: return open_.PushSign(token());
    case StepKind::kDurationOperator:
      return open_.PushOperator(Describe(token().op), &token(), *this);
    case StepKind::kDurationLiteral: return open_.PushOperand(Literal(step.token));
    case StepKind::kDurationWord: {
      const Kind kind = token(2).kind == TokenKind::kStep ? Kind::kStep : Kind::kRange;
      return open_.PushOperand(
          MakeNode(kind, {token(2).range.begin, token().range.end}));
    }
    case StepKind::kOpenDurationCall:
    case StepKind::kOpenDurationParen: brackets_.push_back(&token()); return;
    case StepKind::kDurationCall: return PushCall(token());
    default: return PushParen(token());
  }
}

Duration DurationBuilder::TakeFinished() {
  Operand operand = TakeOperand();
  Duration duration;
  if (IsBareLiteral(*operand.node)) {
    // Whole nanoseconds first, as Prometheus stores it.
    duration.ms = static_cast<int64_t>(std::trunc(std::round(operand.node->seconds * 1e9) / 1e6));
  } else {
    duration.expr = std::move(operand.node);
  }
  return duration;
}

DurationBuilder::Operand DurationBuilder::TakeOperand() {
  Operand operand = std::move(finished_.back());
  finished_.pop_back();
  return operand;
}

void DurationBuilder::Finish() {
  finished_.push_back(open_.Close(*this));
}

void DurationBuilder::FinishRange(const SyntaxStep& step) {
  Finish();
  const DurationExpr& node = *finished_.back().node;
  if (IsBareLiteral(node) && !(node.seconds > 0) && !syntax_.IsBeforeLexicalError(step)) {
    errors_.Report(node.range, "duration must be greater than 0");
  }
}

DurationBuilder::Operand DurationBuilder::MakeNode(Kind kind, SourceRange range, Operand lhs,
                                                   Operand rhs) {
  Operand made;
  made.node = std::make_unique<DurationExpr>();
  made.node->range = range;
  if (lhs.node != nullptr) made.depth = std::max(lhs.depth, rhs.depth) + 1;
  if (made.depth > max_nesting_) {
    errors_.ReportLimit(range, absl::StrCat("duration expression: nesting exceeds the limit of ",
                                            max_nesting_, " levels"));
    made.depth = 1;
    return made;
  }
  made.node->kind = kind;
  made.node->lhs = std::move(lhs.node);
  made.node->rhs = std::move(rhs.node);
  return made;
}

// Where Prometheus says that a literal is out of range: of `offset -5m`, at the sign.
SourceRange DurationBuilder::PlaceOfLiteral(int token) const {
  const bool has_offset_sign = token >= 2 && tokens_[token - 2].kind == TokenKind::kOffset &&
                               tokens_[token - 1].kind == TokenKind::kOperator;
  return tokens_[has_offset_sign ? token - 1 : token].range;
}

DurationBuilder::Operand DurationBuilder::Literal(int index) {
  const Token& token = tokens_[index];
  Operand literal = MakeNode(Kind::kLiteral, token.range);
  literal.node->is_duration = token.kind == TokenKind::kDuration;
  const double seconds = LiteralSeconds(token, errors_);
  if (std::fabs(seconds) <= kMaxSeconds) {
    literal.node->seconds = seconds;
  } else {
    errors_.Report(PlaceOfLiteral(index), "duration out of range");
  }
  return literal;
}

DurationBuilder::Operand DurationBuilder::Join(const Token* op, Operand lhs, Operand rhs) {
  const Kind kind = KindOf(op->op);
  const bool is_zero = IsBareLiteral(*rhs.node) && rhs.node->seconds == 0;
  if (is_zero && kind == Kind::kDivide) errors_.Report(op->range, "division by zero");
  if (is_zero && kind == Kind::kModulo) errors_.Report(op->range, "modulo by zero");
  const SourceRange range = {lhs.node->range.begin, rhs.node->range.end};
  return MakeNode(kind, range, std::move(lhs), std::move(rhs));
}

DurationBuilder::Operand DurationBuilder::ApplySign(const Token& sign, Operand operand) {
  const bool is_minus = sign.op == BinaryOperator::kSubtract;
  if (IsBareLiteral(*operand.node)) {
    if (is_minus) operand.node->seconds = -operand.node->seconds;
    operand.node->range.begin = sign.range.begin;
    return operand;
  }
  const SourceRange range = {sign.range.begin, operand.node->range.end};
  return MakeNode(is_minus ? Kind::kNegate : Kind::kPlus, range, std::move(operand));
}

void DurationBuilder::PushCall(const Token& closing) {
  const Token& word = *brackets_.back();
  brackets_.pop_back();
  Operand rhs = TakeOperand();
  Operand lhs = TakeOperand();
  const Kind kind = word.kind == TokenKind::kMaxOf ? Kind::kMaxOf : Kind::kMinOf;
  open_.PushOperand(MakeNode(kind, {word.range.begin, closing.range.end}, std::move(lhs),
                                    std::move(rhs)));
}

void DurationBuilder::PushParen(const Token& closing) {
  const Token& open = *brackets_.back();
  brackets_.pop_back();
  Operand inner = TakeOperand();
  inner.node->is_wrapped = true;
  inner.node->range = {open.range.begin, closing.range.end};
  open_.PushOperand(std::move(inner));
}

}  // namespace sloburn::parser
