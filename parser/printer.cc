// SPDX-License-Identifier: Apache-2.0
#include "parser/printer.h"

#include <algorithm>
#include <variant>

#include "parser/print_parts.h"

namespace sloburn::parser {
namespace {

// What is still to be printed: a text or a subtree.
using Piece = std::variant<std::string, const Expr*>;

std::vector<Piece> Pieces(const Expr& expr) {
  if (const auto* paren = std::get_if<ParenExpr>(&expr.node)) {
    return {"(", paren->expr.get(), ")"};
  }
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.node)) {
    return {unary->is_negation ? "-" : "+", unary->expr.get()};
  }
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) {
    return {binary->lhs.get(), " " + OperatorText(*binary) + " ", binary->rhs.get()};
  }
  if (const auto* subquery = std::get_if<SubqueryExpr>(&expr.node)) {
    return {subquery->expr.get(), SubquerySuffix(*subquery)};
  }
  if (const auto* aggregate = std::get_if<AggregateExpr>(&expr.node)) {
    std::vector<Piece> pieces = {AggregateHead(*aggregate) + "("};
    if (aggregate->param != nullptr) {
      pieces.emplace_back(aggregate->param.get());
      pieces.emplace_back(", ");
    }
    pieces.emplace_back(aggregate->expr.get());
    pieces.emplace_back(")");
    return pieces;
  }
  if (const auto* call = std::get_if<Call>(&expr.node)) {
    std::vector<Piece> pieces = {call->function + "("};
    for (size_t i = 0; i < call->args.size(); ++i) {
      if (i > 0) pieces.emplace_back(", ");
      pieces.emplace_back(call->args[i].get());
    }
    pieces.emplace_back(")");
    return pieces;
  }
  return {LeafText(expr)};
}

}  // namespace

std::string Print(const Expr& expr) {
  std::string out;
  std::vector<Piece> pending = {&expr};
  while (!pending.empty()) {
    const Piece piece = std::move(pending.back());
    pending.pop_back();
    if (const auto* text = std::get_if<std::string>(&piece)) {
      out += *text;
      continue;
    }
    std::vector<Piece> pieces = Pieces(*std::get<const Expr*>(piece));
    std::move(pieces.rbegin(), pieces.rend(), std::back_inserter(pending));
  }
  return out;
}

}  // namespace sloburn::parser
