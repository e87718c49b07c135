// SPDX-License-Identifier: Apache-2.0
#include <iterator>
#include <variant>

#include "parser/print_parts.h"
#include "parser/printer.h"

namespace sloburn::parser {
namespace {

constexpr size_t kLongestLine = 100;

struct Block {
  const Expr* expr;
  int level;
  bool is_indented;
};
using Piece = std::variant<std::string, Block>;

std::string Indent(int level) { return std::string(2 * level, ' '); }

// The pieces of a node that does not fit on a line.
std::vector<Piece> Split(const Expr& expr, int level, const std::string& indent) {
  const std::string outer = Indent(level);
  if (const auto* paren = std::get_if<ParenExpr>(&expr.node)) {
    return {indent + "(\n", Block{paren->expr.get(), level + 1, true}, "\n" + outer + ")"};
  }
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.node)) {
    return {indent + (unary->is_negation ? "-" : "+"), Block{unary->expr.get(), level, false}};
  }
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) {
    return {Block{binary->lhs.get(), level + 1, true},
            "\n" + outer + OperatorText(*binary) + "\n",
            Block{binary->rhs.get(), level + 1, true}};
  }
  if (const auto* subquery = std::get_if<SubqueryExpr>(&expr.node)) {
    return {Block{subquery->expr.get(), level, !indent.empty() || level == 0},
            SubquerySuffix(*subquery)};
  }
  std::vector<Piece> pieces;
  if (const auto* aggregate = std::get_if<AggregateExpr>(&expr.node)) {
    pieces.emplace_back(indent + AggregateHead(*aggregate) + "(\n");
    if (aggregate->param != nullptr) {
      pieces.emplace_back(Block{aggregate->param.get(), level + 1, true});
      pieces.emplace_back(",\n");
    }
    pieces.emplace_back(Block{aggregate->expr.get(), level + 1, true});
    pieces.emplace_back("\n" + outer + ")");
  } else if (const auto* call = std::get_if<Call>(&expr.node)) {
    pieces.emplace_back(indent + call->function + "(\n");
    for (size_t i = 0; i < call->args.size(); ++i) {
      if (i > 0) pieces.emplace_back(",\n");
      pieces.emplace_back(Block{call->args[i].get(), level + 1, true});
    }
    pieces.emplace_back("\n" + outer + ")");
  } else {
    pieces.emplace_back(indent + LeafText(expr));
  }
  return pieces;
}

}  // namespace

std::string PrettyPrint(const Expr& expr) {
  std::string out;
  std::vector<Piece> pending = {Block{&expr, 0, true}};
  while (!pending.empty()) {
    const Piece piece = std::move(pending.back());
    pending.pop_back();
    if (const auto* text = std::get_if<std::string>(&piece)) {
      out += *text;
      continue;
    }
    const Block& block = std::get<Block>(piece);
    const std::string indent = block.is_indented ? Indent(block.level) : "";
    std::string line = Print(*block.expr);
    if (line.size() <= kLongestLine) {
      out += indent + line;
      continue;
    }
    std::vector<Piece> pieces = Split(*block.expr, block.level, indent);
    std::move(pieces.rbegin(), pieces.rend(), std::back_inserter(pending));
  }
  return out;
}

}  // namespace sloburn::parser
