// SPDX-License-Identifier: Apache-2.0
#include "parser/ast.h"

#include <utility>

namespace sloburn::parser {

std::vector<ExprPtr*> Children(Expr& expr) {
  struct Visitor {
    std::vector<ExprPtr*> operator()(NumberLiteral&) { return {}; }
    std::vector<ExprPtr*> operator()(StringLiteral&) { return {}; }
    std::vector<ExprPtr*> operator()(VectorSelector&) { return {}; }
    std::vector<ExprPtr*> operator()(MatrixSelector&) { return {}; }
    std::vector<ExprPtr*> operator()(ParenExpr& node) { return {&node.expr}; }
    std::vector<ExprPtr*> operator()(UnaryExpr& node) { return {&node.expr}; }
    std::vector<ExprPtr*> operator()(SubqueryExpr& node) { return {&node.expr}; }
    std::vector<ExprPtr*> operator()(BinaryExpr& node) { return {&node.lhs, &node.rhs}; }
    std::vector<ExprPtr*> operator()(AggregateExpr& node) {
      if (node.param == nullptr) return {&node.expr};
      return {&node.param, &node.expr};
    }
    std::vector<ExprPtr*> operator()(Call& node) {
      std::vector<ExprPtr*> args;
      for (ExprPtr& arg : node.args) args.push_back(&arg);
      return args;
    }
  };
  return std::visit(Visitor(), expr.node);
}

std::vector<const Expr*> Children(const Expr& expr) {
  std::vector<const Expr*> children;
  for (const ExprPtr* child : Children(const_cast<Expr&>(expr))) children.push_back(child->get());
  return children;
}

Expr::~Expr() {
  std::vector<ExprPtr> pending;
  const auto take_children = [&pending](Expr& expr) {
    for (ExprPtr* child : Children(expr)) {
      if (*child != nullptr) pending.push_back(std::move(*child));
    }
  };
  take_children(*this);
  while (!pending.empty()) {
    const ExprPtr expr = std::move(pending.back());
    pending.pop_back();
    take_children(*expr);
  }
}

}  // namespace sloburn::parser
