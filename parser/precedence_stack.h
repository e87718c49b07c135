// SPDX-License-Identifier: Apache-2.0
// Operands and operators in written order -> one tree, by precedence climbing on two explicit
// stacks: a chain of any length needs no recursion. For expressions and for durations.
//
// `Joiner` makes the nodes:
//   Operand Join(Operator op, Operand lhs, Operand rhs);
//   Operand ApplySign(const Token& sign, Operand operand);
// Private to this folder.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "parser/operators.h"
#include "parser/token.h"

namespace sloburn::parser {

template <typename Operand, typename Operator>
class PrecedenceStack {
 public:
  // Begins an expression, inside the one that is open, if any. All share the two stacks.
  void Open() { levels_.push_back({pending_.size()}); }
  bool is_open() const { return !levels_.empty(); }

  void PushOperand(Operand operand) { operands_.push_back(std::move(operand)); }
  Operand& top() { return operands_.back(); }

  // A sign binds like a multiplication: -1^2 is -(1^2).
  void PushSign(const Token& sign) {
    pending_.push_back({Describe(BinaryOperator::kMultiply).precedence, &sign, Operator()});
  }

  template <typename Joiner>
  void PushOperator(const OperatorRow& row, Operator op, Joiner& joiner) {
    while (pending_.size() > levels_.back().pending) {
      const int top = pending_.back().precedence;
      if (top < row.precedence || (top == row.precedence && row.is_right_associative)) break;
      Reduce(joiner);
    }
    pending_.push_back({row.precedence, nullptr, std::move(op)});
  }
  // The operator pushed last.
  Operator& last_operator() { return pending_.back().op; }

  // Ends the expression begun last.
  template <typename Joiner>
  Operand Close(Joiner& joiner) {
    while (pending_.size() > levels_.back().pending) Reduce(joiner);
    levels_.pop_back();
    return TakeOperand();
  }

 private:
  struct Level {
    size_t pending;  // how many there were before
  };
  struct Pending {
    int precedence;
    const Token* sign;  // or
    Operator op;
  };

  template <typename Joiner>
  void Reduce(Joiner& joiner) {
    Pending pending = std::move(pending_.back());
    pending_.pop_back();
    Operand rhs = TakeOperand();
    if (pending.sign != nullptr) {
      operands_.push_back(joiner.ApplySign(*pending.sign, std::move(rhs)));
      return;
    }
    Operand lhs = TakeOperand();
    operands_.push_back(joiner.Join(std::move(pending.op), std::move(lhs), std::move(rhs)));
  }

  Operand TakeOperand() {
    Operand operand = std::move(operands_.back());
    operands_.pop_back();
    return operand;
  }

  std::vector<Level> levels_;
  std::vector<Operand> operands_;
  std::vector<Pending> pending_;
};

}  // namespace sloburn::parser
