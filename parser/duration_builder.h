// SPDX-License-Identifier: Apache-2.0
// The duration steps of the grammar -> Duration values. Private to tree_builder.
//
// A duration's tree is at most `max_nesting` nodes deep, whatever its operators, so that all who
// walk it may recurse.
#pragma once

#include <memory>
#include <vector>

#include "parser/ast.h"
#include "parser/first_error.h"
#include "parser/precedence_stack.h"
#include "parser/syntax.h"
#include "parser/token.h"

namespace sloburn::parser {

// The value of a number or duration token in seconds; reports what is wrong with it.
double LiteralSeconds(const Token& token, FirstError& errors);

// A node with the depth of its tree.
struct DurationOperand {
  std::unique_ptr<DurationExpr> node;
  int depth = 1;
};

class DurationBuilder {
 public:
  using Operand = DurationOperand;

  DurationBuilder(const std::vector<Token>& tokens, const Syntax& syntax, int max_nesting,
                  FirstError& errors)
      : tokens_(tokens), syntax_(syntax), max_nesting_(max_nesting), errors_(errors) {}

  // REQUIRES: the step is one of the duration group.
  void Apply(const SyntaxStep& step);

  // The duration that was completed last.
  Duration TakeFinished();

  // For PrecedenceStack.
  Operand Join(const Token* op, Operand lhs, Operand rhs);
  Operand ApplySign(const Token& sign, Operand operand);

 private:
  Operand MakeNode(DurationExpr::Kind kind, SourceRange range, Operand lhs = {}, Operand rhs = {});
  Operand Literal(int token);
  SourceRange PlaceOfLiteral(int token) const;
  void Finish();
  void FinishRange(const SyntaxStep& step);
  void PushCall(const Token& closing);
  void PushParen(const Token& closing);
  Operand TakeOperand();

  const std::vector<Token>& tokens_;
  const Syntax& syntax_;
  const int max_nesting_;
  FirstError& errors_;
  PrecedenceStack<Operand, const Token*> open_;
  std::vector<Operand> finished_;
  std::vector<const Token*> brackets_;  // open calls and parentheses
};

}  // namespace sloburn::parser
