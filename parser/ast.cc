// SPDX-License-Identifier: Apache-2.0
#include "parser/ast.h"

#include <utility>

#include "absl/container/inlined_vector.h"

namespace sloburn::parser {
namespace {

bool IsLeaf(const Expr& expr) {
  return std::holds_alternative<NumberLiteral>(expr.node) ||
         std::holds_alternative<StringLiteral>(expr.node) ||
         std::holds_alternative<VectorSelector>(expr.node) ||
         std::holds_alternative<MatrixSelector>(expr.node);
}

// Calls `visit(ExprPtr&)` for each child.
template <typename Visit>
void ForEachChild(Expr& expr, const Visit& visit) {
  struct Visitor {
    const Visit& visit;
    void operator()(NumberLiteral&) {}
    void operator()(StringLiteral&) {}
    void operator()(VectorSelector&) {}
    void operator()(MatrixSelector&) {}
    void operator()(ParenExpr& node) { visit(node.expr); }
    void operator()(UnaryExpr& node) { visit(node.expr); }
    void operator()(SubqueryExpr& node) { visit(node.expr); }
    void operator()(BinaryExpr& node) {
      visit(node.lhs);
      visit(node.rhs);
    }
    void operator()(AggregateExpr& node) {
      if (node.param != nullptr) visit(node.param);
      visit(node.expr);
    }
    void operator()(Call& node) {
      for (ExprPtr& arg : node.args) visit(arg);
    }
  };
  std::visit(Visitor{visit}, expr.node);
}

}  // namespace

std::vector<ExprPtr*> Children(Expr& expr) {
  std::vector<ExprPtr*> children;
  ForEachChild(expr, [&children](ExprPtr& child) { children.push_back(&child); });
  return children;
}

std::vector<const Expr*> Children(const Expr& expr) {
  std::vector<const Expr*> children;
  ForEachChild(const_cast<Expr&>(expr),
               [&children](const ExprPtr& child) { children.push_back(child.get()); });
  return children;
}

const Expr* Child(const Expr& expr, size_t index) {
  if (const auto* call = std::get_if<Call>(&expr.node)) {
    return index < call->args.size() ? call->args[index].get() : nullptr;
  }
  const Expr* found = nullptr;
  ForEachChild(const_cast<Expr&>(expr), [&](const ExprPtr& child) {
    if (index-- == 0) found = child.get();
  });
  return found;
}

// Children without children of their own need no stack: the node's members end them.
Expr::~Expr() {
  if (IsLeaf(*this)) return;
  absl::InlinedVector<ExprPtr, 8> pending;
  const auto take_children = [&pending](Expr& expr) {
    ForEachChild(expr, [&pending](ExprPtr& child) {
      if (child != nullptr && !IsLeaf(*child)) pending.push_back(std::move(child));
    });
  };
  take_children(*this);
  while (!pending.empty()) {
    const ExprPtr expr = std::move(pending.back());
    pending.pop_back();
    take_children(*expr);
  }
}

}  // namespace sloburn::parser
