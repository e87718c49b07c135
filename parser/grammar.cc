// SPDX-License-Identifier: Apache-2.0
#include "parser/grammar.h"

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "parser/duration_grammar.h"
#include "parser/keywords.h"
#include "parser/literals.h"
#include "parser/selector_grammar.h"
#include "parser/token_stream.h"

namespace sloburn::parser {
namespace {

using Kind = TokenKind;

ExprPtr ParseExpression(TokenStream& stream);

constexpr std::string_view kGrouping = "grouping opts";

std::string ParseGroupingLabel(TokenStream& stream) {
  const Token& token = stream.Peek();
  const bool is_string = token.kind == Kind::kString;
  if (!is_string && !IsLabelNameToken(token)) stream.Unexpected(kGrouping, "label");
  const Token taken = stream.Take();
  std::string name = is_string ? Unquote(taken.text) : taken.text;
  if (name.empty() || !IsValidUtf8(name)) {
    stream.Report(taken.range, "invalid label name for grouping: " + GoQuote(name));
  }
  return name;
}

std::vector<std::string> ParseGroupingLabels(TokenStream& stream) {
  stream.Require(Kind::kLeftParen, kGrouping, "\"(\"");
  std::vector<std::string> labels;
  if (stream.TakeIf(Kind::kRightParen)) return labels;
  while (true) {
    labels.push_back(ParseGroupingLabel(stream));
    if (stream.TakeIf(Kind::kRightParen)) return labels;
    stream.Require(Kind::kComma, kGrouping, "\",\" or \")\"");
    if (stream.TakeIf(Kind::kRightParen)) return labels;
  }
}

std::vector<ExprPtr> ParseArguments(TokenStream& stream) {
  stream.Require(Kind::kLeftParen);
  std::vector<ExprPtr> args;
  if (stream.TakeIf(Kind::kRightParen)) return args;
  while (true) {
    args.push_back(ParseExpression(stream));
    if (stream.TakeIf(Kind::kRightParen)) return args;
    const Token comma = stream.Require(Kind::kComma);
    if (stream.Is(Kind::kRightParen)) {
      stream.Report(comma.range, "trailing commas not allowed in function call args");
    }
    if (stream.TakeIf(Kind::kRightParen)) return args;
  }
}

bool IsAggregateNext(const TokenStream& stream) {
  if (!stream.Is(Kind::kAggregate)) return false;
  const Kind next = stream.Peek(1).kind;
  return next == Kind::kLeftParen || next == Kind::kBy || next == Kind::kWithout;
}

void ParseGroupingModifier(TokenStream& stream, AggregateExpr& aggregate) {
  aggregate.is_without = stream.Take().kind == Kind::kWithout;
  aggregate.grouping = ParseGroupingLabels(stream);
}

bool IsGroupingModifier(const TokenStream& stream) {
  return stream.Is(Kind::kBy) || stream.Is(Kind::kWithout);
}

ExprPtr ParseAggregate(TokenStream& stream) {
  const Token op = stream.Take();
  AggregateExpr aggregate;
  aggregate.op = op.aggregate;
  std::vector<ExprPtr> args;
  {
    const TokenStream::AggregationScope scope(stream);
    const bool has_modifier = IsGroupingModifier(stream);
    if (has_modifier) ParseGroupingModifier(stream, aggregate);
    args = ParseArguments(stream);
    if (!has_modifier && IsGroupingModifier(stream)) ParseGroupingModifier(stream, aggregate);
  }
  const SourceRange range = {op.range.begin, stream.last_end()};
  const AggregateRow& row = Describe(op.aggregate);
  const size_t wanted = row.takes_param ? 2 : 1;
  if (args.empty()) {
    stream.Report(range, "no arguments for aggregate expression provided");
  } else if (row.is_experimental && !stream.options().enable_experimental_functions) {
    stream.Report(range, absl::StrCat(std::string(row.name),
                                      "() is experimental and must be enabled with "
                                      "--enable-feature=promql-experimental-functions"));
  } else if (args.size() != wanted) {
    stream.Report(range,
                  absl::StrCat("wrong number of arguments for aggregate expression provided, "
                               "expected ",
                               wanted, ", got ", args.size()));
  } else {
    aggregate.expr = std::move(args.back());
    if (row.takes_param) aggregate.param = std::move(args.front());
  }
  // An error was reported; the tree only has to be whole.
  if (aggregate.expr == nullptr) aggregate.expr = std::make_unique<Expr>(NumberLiteral(), range);
  return std::make_unique<Expr>(std::move(aggregate), range);
}

bool IsCallNext(const TokenStream& stream) {
  switch (stream.Peek().kind) {
    case Kind::kIdentifier:
    case Kind::kStart:
    case Kind::kEndKeyword:
    case Kind::kStep:
    case Kind::kRange:
    case Kind::kMaxOf:
    case Kind::kMinOf: return stream.Peek(1).kind == Kind::kLeftParen;
    default: return false;
  }
}

ExprPtr ParseCall(TokenStream& stream) {
  const Token name = stream.Take();
  Call call;
  call.function = name.text;
  call.function_range = name.range;
  call.args = ParseArguments(stream);
  return std::make_unique<Expr>(std::move(call), SourceRange{name.range.begin, stream.last_end()});
}

ExprPtr ParsePrimary(TokenStream& stream) {
  switch (stream.Peek().kind) {
    case Kind::kNumber:
    case Kind::kDuration: {
      const Token token = stream.Take();
      NumberLiteral number;
      number.value = LiteralSeconds(stream, token);
      number.is_duration = token.kind == Kind::kDuration;
      return std::make_unique<Expr>(number, token.range);
    }
    case Kind::kString: {
      const Token token = stream.Take();
      return std::make_unique<Expr>(StringLiteral{Unquote(token.text)}, token.range);
    }
    case Kind::kLeftParen: {
      const Token open = stream.Take();
      ExprPtr inner = ParseExpression(stream);
      stream.Require(Kind::kRightParen);
      return std::make_unique<Expr>(ParenExpr{std::move(inner)},
                                    SourceRange{open.range.begin, stream.last_end()});
    }
    default: break;
  }
  if (IsAggregateNext(stream)) return ParseAggregate(stream);
  if (IsCallNext(stream)) return ParseCall(stream);
  return ParseVectorSelector(stream);
}

double ParseFillValue(TokenStream& stream) {
  stream.Require(Kind::kLeftParen);
  bool is_negative = false;
  const Token& sign = stream.Peek();
  if (sign.kind == Kind::kOperator &&
      (sign.op == BinaryOperator::kAdd || sign.op == BinaryOperator::kSubtract)) {
    is_negative = stream.Take().op == BinaryOperator::kSubtract;
  }
  if (!stream.Is(Kind::kNumber) && !stream.Is(Kind::kDuration)) stream.Unexpected();
  const Token number = stream.Take();
  const double value = LiteralSeconds(stream, number);
  stream.Require(Kind::kRightParen);
  return is_negative ? -value : value;
}

bool IsFill(Kind kind) {
  return kind == Kind::kFill || kind == Kind::kFillLeft || kind == Kind::kFillRight;
}

void ParseFill(TokenStream& stream, VectorMatching& matching) {
  const int begin = stream.Peek().range.begin;
  const Kind first = stream.Take().kind;
  const double value = ParseFillValue(stream);
  if (first != Kind::kFillRight) matching.fill_left = value;
  if (first != Kind::kFillLeft) matching.fill_right = value;
  const Kind other = first == Kind::kFillLeft ? Kind::kFillRight : Kind::kFillLeft;
  if (first != Kind::kFill && stream.Is(other)) {
    stream.Take();
    (other == Kind::kFillLeft ? matching.fill_left : matching.fill_right) = ParseFillValue(stream);
  }
  if (!stream.options().enable_binop_fill_modifiers) {
    stream.Report({begin, stream.last_end()},
                  "binop fill modifiers are experimental and not enabled");
  }
}

// What stands between an operator and its right operand.
BinaryExpr ParseOperator(TokenStream& stream) {
  const Token op = stream.Take();
  BinaryExpr binary;
  binary.op = op.op;
  VectorMatching& matching = binary.matching;
  if (IsSet(op.op)) matching.cardinality = Cardinality::kManyToMany;
  binary.returns_bool = stream.TakeIf(Kind::kBool);
  if (stream.Is(Kind::kOn) || stream.Is(Kind::kIgnoring)) {
    matching.has_matching = true;
    matching.is_on = stream.Take().kind == Kind::kOn;
    matching.labels = ParseGroupingLabels(stream);
    if (stream.Is(Kind::kGroupLeft) || stream.Is(Kind::kGroupRight)) {
      matching.cardinality = stream.Take().kind == Kind::kGroupLeft ? Cardinality::kManyToOne
                                                                    : Cardinality::kOneToMany;
      if (stream.Is(Kind::kLeftParen)) matching.include = ParseGroupingLabels(stream);
    }
  }
  if (IsFill(stream.Peek().kind)) ParseFill(stream, matching);
  binary.operator_range = {op.range.begin, stream.last_end()};
  return binary;
}

// Operands and operators on two stacks: a chain of any length needs no recursion.
class Climber {
 public:
  explicit Climber(TokenStream& stream) : stream_(stream) {}

  ExprPtr Run() {
    while (true) {
      TakeSigns();
      ExprPtr operand = ParsePrimary(stream_);
      while (StartsPostfix(stream_.Peek())) operand = ParsePostfix(stream_, std::move(operand));
      operands_.push_back(std::move(operand));
      if (!stream_.Is(Kind::kOperator)) break;
      const OperatorRow& row = Describe(stream_.Peek().op);
      ReduceFor(row);
      Pending pending;
      pending.precedence = row.precedence;
      pending.binary = ParseOperator(stream_);
      operators_.push_back(std::move(pending));
    }
    while (!operators_.empty()) Reduce();
    return std::move(operands_.back());
  }

 private:
  struct Pending {
    int precedence = 0;
    std::optional<BinaryExpr> binary;  // absent: a sign
    bool is_minus = false;
    int sign_begin = 0;
  };

  void TakeSigns() {
    while (stream_.Is(Kind::kOperator) && (stream_.Peek().op == BinaryOperator::kAdd ||
                                           stream_.Peek().op == BinaryOperator::kSubtract)) {
      const Token sign = stream_.Take();
      Pending pending;
      // A sign binds like a multiplication: -1^2 is -(1^2).
      pending.precedence = Describe(BinaryOperator::kMultiply).precedence;
      pending.is_minus = sign.op == BinaryOperator::kSubtract;
      pending.sign_begin = sign.range.begin;
      operators_.push_back(std::move(pending));
    }
  }

  void ReduceFor(const OperatorRow& next) {
    while (!operators_.empty()) {
      const int top = operators_.back().precedence;
      if (top < next.precedence || (top == next.precedence && next.is_right_associative)) return;
      Reduce();
    }
  }

  void Reduce() {
    Pending pending = std::move(operators_.back());
    operators_.pop_back();
    ExprPtr rhs = std::move(operands_.back());
    operands_.pop_back();
    operands_.push_back(pending.binary ? Join(std::move(*pending.binary), std::move(rhs))
                                       : Sign(pending, std::move(rhs)));
  }

  ExprPtr Join(BinaryExpr binary, ExprPtr rhs) {
    ExprPtr lhs = std::move(operands_.back());
    operands_.pop_back();
    const SourceRange range = {lhs->range.begin, rhs->range.end};
    binary.lhs = std::move(lhs);
    binary.rhs = std::move(rhs);
    return std::make_unique<Expr>(std::move(binary), range);
  }

  static ExprPtr Sign(const Pending& pending, ExprPtr operand) {
    if (auto* number = std::get_if<NumberLiteral>(&operand->node)) {
      if (pending.is_minus) number->value = -number->value;
      operand->range.begin = pending.sign_begin;
      return operand;
    }
    const SourceRange range = {pending.sign_begin, operand->range.end};
    return std::make_unique<Expr>(UnaryExpr{pending.is_minus, std::move(operand)}, range);
  }

  TokenStream& stream_;
  std::vector<ExprPtr> operands_;
  std::vector<Pending> operators_;
};

ExprPtr ParseExpression(TokenStream& stream) { return Climber(stream).Run(); }

}  // namespace

absl::StatusOr<ExprPtr> ParseTokens(std::string_view text, std::vector<Token> tokens,
                                    const ParseOptions& options) {
  TokenStream stream(text, std::move(tokens), options);
  return stream.Run([](TokenStream& tokens) {
    if (tokens.Is(Kind::kEnd)) {
      tokens.Report({0, 0}, "no expression found in input");
      return ExprPtr();
    }
    ExprPtr expr = ParseExpression(tokens);
    if (!tokens.Is(Kind::kEnd)) tokens.Unexpected();
    return expr;
  });
}

absl::StatusOr<ExprPtr> ParseSelectorTokens(std::string_view text, std::vector<Token> tokens,
                                            const ParseOptions& options) {
  TokenStream stream(text, std::move(tokens), options);
  return stream.Run([](TokenStream& tokens) {
    ExprPtr expr = ParseVectorSelector(tokens);
    if (!tokens.Is(Kind::kEnd)) tokens.Unexpected();
    return expr;
  });
}

}  // namespace sloburn::parser
