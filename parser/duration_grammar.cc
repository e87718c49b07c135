// SPDX-License-Identifier: Apache-2.0
#include "parser/duration_grammar.h"

#include <cmath>

#include "parser/literals.h"
#include "parser/printer.h"

namespace sloburn::parser {
namespace {

using Kind = DurationExpr::Kind;
using NodePtr = std::unique_ptr<DurationExpr>;

constexpr std::string_view kOffsetExpected = "number, duration, step(), or range()";
constexpr double kMaxSeconds = 9223372036.854775807;

NodePtr MakeNode(Kind kind, SourceRange range, NodePtr lhs = nullptr, NodePtr rhs = nullptr) {
  auto node = std::make_unique<DurationExpr>();
  node->kind = kind;
  node->range = range;
  node->lhs = std::move(lhs);
  node->rhs = std::move(rhs);
  return node;
}

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

bool IsArithmetic(const Token& token) {
  return token.kind == TokenKind::kOperator && token.op <= BinaryOperator::kPower;
}

bool IsSign(const Token& token) {
  return token.kind == TokenKind::kOperator &&
         (token.op == BinaryOperator::kAdd || token.op == BinaryOperator::kSubtract);
}

class DurationGrammar {
 public:
  DurationGrammar(TokenStream& stream, std::string_view context, std::string_view expected)
      : stream_(stream), context_(context), expected_(expected) {}

  // Precedence climbing; chains inside brackets are short, signs are counted by Depth.
  NodePtr Expression(int min_precedence) {
    const Depth depth(*this);
    NodePtr lhs = Operand();
    while (IsArithmetic(stream_.Peek())) {
      const OperatorRow& row = Describe(stream_.Peek().op);
      if (row.precedence < min_precedence) break;
      const Token op = stream_.Take();
      NodePtr rhs = Expression(row.is_right_associative ? row.precedence : row.precedence + 1);
      lhs = Combine(op, std::move(lhs), std::move(rhs));
    }
    return lhs;
  }

  NodePtr Operand() {
    if (IsSign(stream_.Peek())) {
      const Token sign = stream_.Take();
      return ApplySign(sign, Expression(Describe(BinaryOperator::kPower).precedence));
    }
    return Primary();
  }

  NodePtr Primary() {
    const Token& token = stream_.Peek();
    switch (token.kind) {
      case TokenKind::kNumber:
      case TokenKind::kDuration: return Literal();
      case TokenKind::kStep:
      case TokenKind::kRange: {
        const Token word = stream_.Take();
        stream_.Require(TokenKind::kLeftParen, context_, expected_);
        stream_.Require(TokenKind::kRightParen, context_, expected_);
        return MakeNode(word.kind == TokenKind::kStep ? Kind::kStep : Kind::kRange,
                        {word.range.begin, stream_.last_end()});
      }
      case TokenKind::kMaxOf:
      case TokenKind::kMinOf: return MinMax();
      case TokenKind::kLeftParen: {
        const Token open = stream_.Take();
        NodePtr inner = Expression(0);
        stream_.Require(TokenKind::kRightParen, context_, expected_);
        inner->is_wrapped = true;
        inner->range = {open.range.begin, stream_.last_end()};
        return inner;
      }
      default: stream_.Unexpected(context_, expected_);
    }
  }

  NodePtr ApplySign(const Token& sign, NodePtr operand) {
    const bool is_minus = sign.op == BinaryOperator::kSubtract;
    if (operand->kind == Kind::kLiteral && !operand->is_wrapped) {
      if (is_minus) operand->seconds = -operand->seconds;
      operand->range.begin = sign.range.begin;
      return operand;
    }
    const SourceRange range = {sign.range.begin, operand->range.end};
    return MakeNode(is_minus ? Kind::kNegate : Kind::kPlus, range, std::move(operand));
  }

 private:
  // Signs and powers recurse without brackets.
  class Depth {
   public:
    explicit Depth(DurationGrammar& grammar) : grammar_(grammar) {
      if (++grammar_.depth_ > grammar_.stream_.options().max_nesting) {
        grammar_.stream_.Unexpected("duration", "less nesting");
      }
    }
    ~Depth() { --grammar_.depth_; }

   private:
    DurationGrammar& grammar_;
  };

  NodePtr Literal() {
    const Token token = stream_.Take();
    NodePtr node = MakeNode(Kind::kLiteral, token.range);
    node->seconds = LiteralSeconds(stream_, token);
    node->is_duration = token.kind == TokenKind::kDuration;
    if (!(std::fabs(node->seconds) <= kMaxSeconds)) {
      stream_.Report(token.range, "duration out of range");
    }
    return node;
  }

  NodePtr MinMax() {
    const Token word = stream_.Take();
    stream_.Require(TokenKind::kLeftParen, context_, expected_);
    NodePtr lhs = Expression(0);
    stream_.Require(TokenKind::kComma, context_, expected_);
    NodePtr rhs = Expression(0);
    stream_.Require(TokenKind::kRightParen, context_, expected_);
    return MakeNode(word.kind == TokenKind::kMaxOf ? Kind::kMaxOf : Kind::kMinOf,
                    {word.range.begin, stream_.last_end()}, std::move(lhs), std::move(rhs));
  }

  NodePtr Combine(const Token& op, NodePtr lhs, NodePtr rhs) {
    const Kind kind = KindOf(op.op);
    const bool is_zero = rhs->kind == Kind::kLiteral && rhs->seconds == 0;
    if (is_zero && kind == Kind::kDivide) stream_.Report(op.range, "division by zero");
    if (is_zero && kind == Kind::kModulo) stream_.Report(op.range, "modulo by zero");
    const SourceRange range = {lhs->range.begin, rhs->range.end};
    return MakeNode(kind, range, std::move(lhs), std::move(rhs));
  }

  TokenStream& stream_;
  const std::string_view context_, expected_;
  int depth_ = 0;
};

Duration ToDuration(NodePtr node) {
  Duration duration;
  if (node->kind == Kind::kLiteral) {
    // Whole nanoseconds first, as Prometheus stores it.
    duration.ms = static_cast<int64_t>(std::trunc(std::round(node->seconds * 1e9) / 1e6));
  } else {
    duration.expr = std::move(node);
  }
  return duration;
}

}  // namespace

double LiteralSeconds(TokenStream& stream, const Token& token) {
  if (token.kind == TokenKind::kNumber) {
    const auto number = ParseNumber(token.text);
    if (number.ok()) return *number;
    stream.Report(token.range, std::string(number.status().message()));
    return 0;
  }
  const auto ms = ParseDuration(token.text);
  if (ms.ok()) return static_cast<double>(*ms) / 1000;
  stream.Report(token.range, std::string(ms.status().message()));
  return 0;
}

Duration ParseRangeDuration(TokenStream& stream, std::string_view context,
                            std::string_view expected) {
  NodePtr node = DurationGrammar(stream, context, expected).Expression(0);
  if (node->kind == Kind::kLiteral && !(node->seconds > 0)) {
    stream.Report(node->range, "duration must be greater than 0");
  }
  return ToDuration(std::move(node));
}

Duration ParseOffsetDuration(TokenStream& stream) {
  DurationGrammar grammar(stream, "offset", kOffsetExpected);
  // Without parentheses a following operator belongs to the expression around the offset.
  if (stream.Is(TokenKind::kLeftParen)) return ToDuration(grammar.Expression(0));
  if (IsSign(stream.Peek())) {
    const Token sign = stream.Take();
    return ToDuration(grammar.ApplySign(sign, grammar.Primary()));
  }
  return ToDuration(grammar.Primary());
}

}  // namespace sloburn::parser
