// SPDX-License-Identifier: Apache-2.0
#include <iterator>
#include <unordered_map>
#include <variant>

#include "absl/strings/str_cat.h"
#include "parser/print_parts.h"
#include "parser/printer.h"

namespace sloburn::parser {
namespace {

constexpr size_t kLongestLine = 100;

// `is_indented` is false right behind a sign.
struct Block {
  const Expr* expr;
  int level;
  bool is_indented;
};
using Piece = std::variant<std::string, Block>;

std::string Indent(int level) { return std::string(2 * level, ' '); }

// The pieces of a node that does not fit on a line.
std::vector<Piece> Split(const Expr& expr, int level, bool behind_sign) {
  const std::string outer = Indent(level);
  const std::string indent = behind_sign ? "" : outer;
  if (const auto* paren = std::get_if<ParenExpr>(&expr.node)) {
    return {indent + "(\n", Block{paren->expr.get(), level + 1, true}, "\n" + outer + ")"};
  }
  if (const auto* unary = std::get_if<UnaryExpr>(&expr.node)) {
    return {indent + (unary->is_negation ? "-" : "+"), Block{unary->expr.get(), level, false}};
  }
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) {
    return {Block{binary->lhs.get(), level + 1, !behind_sign},
            "\n" + outer + OperatorText(*binary) + "\n",
            Block{binary->rhs.get(), level + 1, true}};
  }
  if (const auto* subquery = std::get_if<SubqueryExpr>(&expr.node)) {
    return {Block{subquery->expr.get(), level, !behind_sign}, SubquerySuffix(*subquery)};
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

// The length of every node's text on one line, without recursion.
class LineLengths {
 public:
  explicit LineLengths(const Expr& root) {
    std::vector<const Expr*> order = {&root};
    for (size_t i = 0; i < order.size(); ++i) {
      for (const Expr* child : Children(*order[i])) order.push_back(child);
    }
    // Children stand behind their parents.
    for (size_t i = order.size(); i-- > 0;) lengths_[order[i]] = Measure(*order[i]);
  }

  size_t Of(const Expr& expr) const { return lengths_.at(&expr); }

 private:
  size_t Measure(const Expr& expr) const {
    size_t length = OwnLength(expr);
    for (const Expr* child : Children(expr)) length += Of(*child);
    return length;
  }

  static size_t OwnLength(const Expr& expr) {
    if (std::holds_alternative<ParenExpr>(expr.node)) return 2;
    if (std::holds_alternative<UnaryExpr>(expr.node)) return 1;
    if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) {
      return OperatorText(*binary).size() + 2;
    }
    if (const auto* subquery = std::get_if<SubqueryExpr>(&expr.node)) {
      return SubquerySuffix(*subquery).size();
    }
    if (const auto* aggregate = std::get_if<AggregateExpr>(&expr.node)) {
      return AggregateHead(*aggregate).size() + (aggregate->param != nullptr ? 4 : 2);
    }
    if (const auto* call = std::get_if<Call>(&expr.node)) {
      const size_t commas = call->args.empty() ? 0 : call->args.size() - 1;
      return call->function.size() + 2 + 2 * commas;
    }
    return LeafText(expr).size();
  }

  std::unordered_map<const Expr*, size_t> lengths_;
};

// Prometheus forgets the indentation of a subquery that needs no split.
bool LosesIndent(const Expr& expr) { return std::holds_alternative<SubqueryExpr>(expr.node); }

}  // namespace

absl::StatusOr<std::string> PrettyPrint(const Expr& expr, size_t max_bytes) {
  const LineLengths lengths(expr);
  std::string out;
  size_t committed = 0;  // bytes of what is printed already or waits for it
  std::vector<Piece> pending = {Block{&expr, 0, true}};
  while (!pending.empty()) {
    const Piece piece = std::move(pending.back());
    pending.pop_back();
    if (const auto* text = std::get_if<std::string>(&piece)) {
      out += *text;
      continue;
    }
    const Block& block = std::get<Block>(piece);
    if (lengths.Of(*block.expr) <= kLongestLine) {
      if (block.is_indented && !LosesIndent(*block.expr)) out += Indent(block.level);
      out += Print(*block.expr);
      continue;
    }
    std::vector<Piece> pieces = Split(*block.expr, block.level, !block.is_indented);
    for (const Piece& piece : pieces) {
      const auto* const text = std::get_if<std::string>(&piece);
      committed += text == nullptr ? 0 : text->size();
    }
    if (committed > max_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the formatted expression is larger than ", max_bytes, " bytes; print it on one line"));
    }
    std::move(pieces.rbegin(), pieces.rend(), std::back_inserter(pending));
  }
  return out;
}

}  // namespace sloburn::parser
