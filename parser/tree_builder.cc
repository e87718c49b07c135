// SPDX-License-Identifier: Apache-2.0
#include "parser/tree_builder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "parser/duration_builder.h"
#include "parser/first_error.h"
#include "parser/literals.h"
#include "parser/precedence_stack.h"
#include "parser/selector_builder.h"

namespace sloburn::parser {
namespace {

// Runs the steps on explicit stacks: `open_` holds the expressions begun but not ended.
class TreeBuilder {
 public:
  TreeBuilder(const std::vector<Token>& tokens, const Syntax& syntax, const ParseOptions& options,
              Vocabulary* vocabulary, FirstError& errors)
      : tokens_(tokens),
        syntax_(syntax),
        options_(options),
        vocabulary_(vocabulary),
        errors_(errors),
        selectors_(tokens, vocabulary, errors),
        durations_(tokens, syntax, options.max_nesting, errors) {}

  ExprPtr Run() {
    for (const SyntaxStep& step : syntax_.steps) Apply(step);
    if (syntax_.error || finished_.empty()) return nullptr;
    return std::move(finished_.back());
  }

  // For PrecedenceStack.
  ExprPtr Join(ExprPtr expr, ExprPtr lhs, ExprPtr rhs) {
    auto& binary = std::get<BinaryExpr>(expr->node);
    expr->range = {lhs->range.begin, rhs->range.end};
    if (binary.matching.has_fill() && !options_.enable_binop_fill_modifiers) {
      errors_.Report(expr->range, "binop fill modifiers are experimental and not enabled");
    }
    binary.lhs = std::move(lhs);
    binary.rhs = std::move(rhs);
    return expr;
  }

  ExprPtr ApplySign(const Token& sign, ExprPtr operand) {
    const bool is_minus = sign.op == BinaryOperator::kSubtract;
    if (auto* number = std::get_if<NumberLiteral>(&operand->node)) {
      if (is_minus) number->value = -number->value;
      operand->range.begin = sign.range.begin;
      return operand;
    }
    const SourceRange range = {sign.range.begin, operand->range.end};
    return std::make_unique<Expr>(UnaryExpr{is_minus, std::move(operand)}, range);
  }

 private:
  // An aggregation or call whose closing parenthesis is still to come.
  struct OpenCall {
    const Token* name;
    size_t first_arg;  // index into finished_
    bool has_grouping = false, is_without = false;
    std::vector<std::string> grouping;
  };

  void Apply(const SyntaxStep& step) {
    if (step.kind >= StepKind::kBeginDuration) return durations_.Apply(step);
    if (step.kind >= StepKind::kSelector && step.kind < StepKind::kSelectorEnd) {
      return selectors_.Apply(step);
    }
    if (step.kind >= StepKind::kOpenBracket) return ApplyPostfix(step);
    if (step.kind >= StepKind::kOperator && step.kind <= StepKind::kOperatorEnd) {
      return ApplyOperator(step);
    }
    ApplyOperand(step);
  }

  void ApplyOperand(const SyntaxStep& step) {
    switch (step.kind) {
      case StepKind::kEmptyQuery: return errors_.Report({0, 0}, "no expression found in input");
      case StepKind::kBeginExpr: open_.Open(); return;
      case StepKind::kEndExpr: return EndExpr();
      case StepKind::kSign: return open_.PushSign(TokenOf(step));
      case StepKind::kNumber: return PushNumber(TokenOf(step));
      case StepKind::kString:
        return Push(StringLiteral{Unquote(TokenOf(step).text)}, TokenOf(step).range);
      case StepKind::kOpenParen: brackets_.push_back(&TokenOf(step)); return;
      case StepKind::kParen: return PushParen(step);
      case StepKind::kAggregate:
      case StepKind::kCall:
        calls_.push_back({&TokenOf(step), finished_.size(), false, false, {}});
        return;
      case StepKind::kGrouping:
        calls_.back().has_grouping = true;
        calls_.back().is_without = TokenOf(step).kind == TokenKind::kWithout;
        labels_ = &calls_.back().grouping;
        return;
      case StepKind::kLabel: return AddLabel(TokenOf(step));
      case StepKind::kTrailingComma:
        return errors_.Report(TokenOf(step).range,
                              "trailing commas not allowed in function call args");
      case StepKind::kAggregateEnd: return PushAggregate(step);
      case StepKind::kCallEnd: return PushCall(step);
      default: return PushOperand(selectors_.Finish(step));  // kSelectorEnd
    }
  }

  void ApplyOperator(const SyntaxStep& step) {
    const Token& token = TokenOf(step);
    if (step.kind == StepKind::kOperator) {
      // Its operands are put in by Join.
      auto expr = std::make_unique<Expr>(BinaryExpr(), token.range);
      auto& binary = std::get<BinaryExpr>(expr->node);
      binary.op = token.op;
      binary.operator_range = token.range;
      if (IsSet(token.op)) binary.matching.cardinality = Cardinality::kManyToMany;
      return open_.PushOperator(Describe(token.op), std::move(expr), *this);
    }
    auto& binary = std::get<BinaryExpr>(open_.last_operator()->node);
    VectorMatching& matching = binary.matching;
    switch (step.kind) {
      case StepKind::kBool: binary.returns_bool = true; return;
      case StepKind::kMatching:
        matching.has_matching = true;
        matching.is_on = token.kind == TokenKind::kOn;
        labels_ = &matching.labels;
        return;
      case StepKind::kGroup:
        matching.cardinality = token.kind == TokenKind::kGroupLeft ? Cardinality::kManyToOne
                                                                   : Cardinality::kOneToMany;
        labels_ = &matching.include;
        return;
      case StepKind::kFill:
        fill_ = token.kind;
        is_fill_negative_ = false;
        return;
      case StepKind::kFillSign:
        is_fill_negative_ = token.op == BinaryOperator::kSubtract;
        return;
      case StepKind::kFillValue: return SetFill(matching, LiteralSeconds(token, errors_));
      default: binary.operator_range.end = token.range.end; return;  // kOperatorEnd
    }
  }

  void ApplyPostfix(const SyntaxStep& step) {
    const Token& token = TokenOf(step);
    ExprPtr& operand = open_.top();
    switch (step.kind) {
      case StepKind::kOpenBracket:
        brackets_.push_back(&token);
        has_subquery_step_ = false;
        return;
      case StepKind::kMatrix:
        operand = MakeMatrixSelector(std::move(operand), durations_.TakeFinished(),
                                     {TakeBracket().range.begin, token.range.end}, errors_);
        return;
      case StepKind::kSubqueryStep: has_subquery_step_ = true; return;
      case StepKind::kSubquery: return WrapSubquery(token);
      case StepKind::kOffset:
        return ApplyOffset(*operand, durations_.TakeFinished(), token.range.end, errors_);
      case StepKind::kAtSign: at_sign_ = &token; return;
      case StepKind::kAtTimestamp: return ApplyTimestamp(*operand, token);
      case StepKind::kAtKeyword: {
        const bool is_start = tokens_[step.token - 2].kind == TokenKind::kStart;
        const AtModifier at = {is_start ? AtKind::kStart : AtKind::kEnd, 0};
        return ApplyAt(*operand, at, token.range.end, errors_);
      }
      default: return ApplyExtended(*operand, token, options_, errors_);
    }
  }

  const Token& TokenOf(const SyntaxStep& step) const { return tokens_[std::max(step.token, 0)]; }

  void PushOperand(ExprPtr operand) {
    // Selectors of metrics stand outside of any expression.
    if (open_.is_open()) {
      open_.PushOperand(std::move(operand));
    } else {
      finished_.push_back(std::move(operand));
    }
  }
  template <typename Node>
  void Push(Node node, SourceRange range) {
    PushOperand(std::make_unique<Expr>(std::move(node), range));
  }

  const Token& TakeBracket() {
    const Token& bracket = *brackets_.back();
    brackets_.pop_back();
    return bracket;
  }
  ExprPtr TakeFinished() {
    ExprPtr expr = std::move(finished_.back());
    finished_.pop_back();
    return expr;
  }

  void EndExpr() { finished_.push_back(open_.Close(*this)); }

  void PushNumber(const Token& token) {
    NumberLiteral number;
    number.value = LiteralSeconds(token, errors_);
    number.is_duration = token.kind == TokenKind::kDuration;
    Push(number, token.range);
  }

  void PushParen(const SyntaxStep& step) {
    ExprPtr inner = TakeFinished();
    const SourceRange range = {TakeBracket().range.begin, TokenOf(step).range.end};
    Push(ParenExpr{std::move(inner)}, range);
  }

  void AddLabel(const Token& token) {
    std::string name = NameOf(token);
    if (name.empty() || !IsValidUtf8(name)) {
      errors_.Report(token.range, "invalid label name for grouping: " + GoQuote(name));
    }
    labels_->push_back(std::move(name));
  }

  std::vector<ExprPtr> TakeArgs(size_t first) {
    std::vector<ExprPtr> args(std::make_move_iterator(finished_.begin() + first),
                              std::make_move_iterator(finished_.end()));
    finished_.resize(first);
    return args;
  }

  void PushCall(const SyntaxStep& step) {
    const Token& name = *calls_.back().name;
    if (vocabulary_ != nullptr) errors_.Report(name.range, vocabulary_->CheckFunction(name.text));
    Call call;
    call.function = name.text;
    call.function_range = name.range;
    call.args = TakeArgs(calls_.back().first_arg);
    calls_.pop_back();
    Push(std::move(call), {name.range.begin, TokenOf(step).range.end});
  }

  void PushAggregate(const SyntaxStep& step) {
    OpenCall open = std::move(calls_.back());
    calls_.pop_back();
    const SourceRange range = {open.name->range.begin, TokenOf(step).range.end};
    AggregateExpr aggregate;
    aggregate.op = open.name->aggregate;
    aggregate.is_without = open.is_without;
    aggregate.grouping = std::move(open.grouping);
    const AggregateRow& row = Describe(aggregate.op);
    const std::string problem = ArgumentProblem(row, finished_.size() - open.first_arg);
    if (!problem.empty()) {
      // Without a grouping, one may still follow.
      const bool looks_further = !open.has_grouping;
      if (!looks_further || !syntax_.IsBeforeLexicalError(step)) errors_.Report(range, problem);
      // Only to keep the tree whole; it is not returned.
      aggregate.expr = std::make_unique<Expr>(NumberLiteral(), range);
    } else {
      aggregate.expr = std::move(finished_.back());
      if (row.takes_param) aggregate.param = std::move(finished_[open.first_arg]);
    }
    finished_.resize(open.first_arg);
    Push(std::move(aggregate), range);
  }

  std::string ArgumentProblem(const AggregateRow& row, size_t count) const {
    if (count == 0) return "no arguments for aggregate expression provided";
    if (row.is_experimental && !options_.enable_experimental_functions) {
      return absl::StrCat(std::string(row.name),
                          "() is experimental and must be enabled with "
                          "--enable-feature=promql-experimental-functions");
    }
    const size_t wanted = row.takes_param ? 2 : 1;
    if (count == wanted) return "";
    return absl::StrCat("wrong number of arguments for aggregate expression provided, expected ",
                        wanted, ", got ", count);
  }

  void SetFill(VectorMatching& matching, double value) {
    if (is_fill_negative_) value = -value;
    if (fill_ != TokenKind::kFillRight) matching.fill_left = value;
    if (fill_ != TokenKind::kFillLeft) matching.fill_right = value;
  }

  void WrapSubquery(const Token& closing) {
    ExprPtr& operand = open_.top();
    TakeBracket();
    SubqueryExpr subquery;
    if (has_subquery_step_) subquery.step = durations_.TakeFinished();
    subquery.range = durations_.TakeFinished();
    const SourceRange range = {operand->range.begin, closing.range.end};
    subquery.expr = std::move(operand);
    operand = std::make_unique<Expr>(std::move(subquery), range);
  }

  void ApplyTimestamp(Expr& operand, const Token& token) {
    double seconds = LiteralSeconds(token, errors_);
    if (at_sign_ != nullptr && at_sign_->op == BinaryOperator::kSubtract) seconds = -seconds;
    at_sign_ = nullptr;
    ApplyAt(operand, AtTimestamp(seconds, operand, errors_), token.range.end, errors_);
  }

  const std::vector<Token>& tokens_;
  const Syntax& syntax_;
  const ParseOptions& options_;
  Vocabulary* const vocabulary_;  // may be null
  FirstError& errors_;
  SelectorBuilder selectors_;
  DurationBuilder durations_;
  PrecedenceStack<ExprPtr, ExprPtr> open_;
  std::vector<ExprPtr> finished_;
  std::vector<const Token*> brackets_;
  std::vector<OpenCall> calls_;
  std::vector<std::string>* labels_ = nullptr;
  TokenKind fill_ = TokenKind::kFill;
  bool is_fill_negative_ = false;
  bool has_subquery_step_ = false;
  const Token* at_sign_ = nullptr;
};

}  // namespace

absl::StatusOr<ExprPtr> BuildTree(std::string_view text, const std::vector<Token>& tokens,
                                  const Syntax& syntax, const ParseOptions& options,
                                  Vocabulary* vocabulary) {
  FirstError errors(text);
  ExprPtr expr = TreeBuilder(tokens, syntax, options, vocabulary, errors).Run();
  if (syntax.error) errors.Report(syntax.error->range, syntax.error->message);
  if (errors.status()) return *errors.status();
  return expr;
}

}  // namespace sloburn::parser
