// SPDX-License-Identifier: Apache-2.0
#include "web/api/expr_json.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/float_text.h"
#include "base/json_writer.h"
#include "base/str_cat.h"
#include "engine/functions/function.h"
#include "engine/model/labels.h"
#include "web/api/json_values.h"

namespace sloburn::web {
namespace {

using engine::ValueType;
using parser::DurationExpr;
using parser::Expr;

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text, /*html_escape=*/true);
  return out;
}

std::string StringArray(const std::vector<std::string>& values) {
  std::string out;
  AppendStringArrayJson(out, values);
  return out;
}

const char* Bool(bool value) { return value ? "true" : "false"; }

std::string_view MatchTypeText(parser::MatchType type) {
  switch (type) {
    case parser::MatchType::kEqual:
      return "=";
    case parser::MatchType::kNotEqual:
      return "!=";
    case parser::MatchType::kRegex:
      return "=~";
    case parser::MatchType::kNotRegex:
      break;
  }
  return "!~";
}

std::string_view CardinalityText(parser::Cardinality cardinality) {
  switch (cardinality) {
    case parser::Cardinality::kOneToOne:
      return "one-to-one";
    case parser::Cardinality::kManyToOne:
      return "many-to-one";
    case parser::Cardinality::kOneToMany:
      return "one-to-many";
    case parser::Cardinality::kManyToMany:
      break;
  }
  return "many-to-many";
}

std::string_view TypeText(ValueType type) {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kString:
      return "string";
    case ValueType::kInstantVector:
      return "vector";
    case ValueType::kRangeVector:
      break;
  }
  return "matrix";
}

std::string_view DurationOperator(DurationExpr::Kind kind) {
  switch (kind) {
    case DurationExpr::Kind::kPlus:
    case DurationExpr::Kind::kAdd:
      return "+";
    case DurationExpr::Kind::kNegate:
    case DurationExpr::Kind::kSubtract:
      return "-";
    case DurationExpr::Kind::kMultiply:
      return "*";
    case DurationExpr::Kind::kDivide:
      return "/";
    case DurationExpr::Kind::kModulo:
      return "%";
    case DurationExpr::Kind::kPower:
      return "^";
    case DurationExpr::Kind::kStep:
      return "step";
    case DurationExpr::Kind::kRange:
      return "range";
    case DurationExpr::Kind::kMinOf:
      return "min_of";
    case DurationExpr::Kind::kMaxOf:
      return "max_of";
    case DurationExpr::Kind::kLiteral:
      break;
  }
  return "";
}

void AppendMatchersJson(std::string& out, const parser::VectorSelector& selector) {
  out += '[';
  bool is_first = true;
  const auto append = [&](std::string_view name, std::string_view type, std::string_view value) {
    StrAppend(&out, is_first ? "" : ",", R"({"name":)", Quoted(name), R"(,"type":)", Quoted(type),
              R"(,"value":)", Quoted(value), "}");
    is_first = false;
  };
  for (const parser::LabelMatcher& matcher : selector.matchers) {
    append(matcher.name, MatchTypeText(matcher.type), matcher.value);
  }
  if (!selector.name.empty()) append(kMetricName, "=", selector.name);
  out += ']';
}

std::string AtJson(const parser::AtModifier& at) {
  std::string_view preprocessor = "null";
  if (at.kind == parser::AtKind::kStart) preprocessor = "\"start\"";
  if (at.kind == parser::AtKind::kEnd) preprocessor = "\"end\"";
  std::string timestamp = at.kind == parser::AtKind::kTimestamp ? StrCat(at.timestamp_ms) : "null";
  return StrCat(R"("startOrEnd":)", preprocessor, R"(,"timestamp":)", timestamp);
}

std::string FillJson(const std::optional<double>& fill) {
  if (!fill) return "null";
  // JSON has no infinities; Prometheus' encoder cannot write them either.
  if (!std::isfinite(*fill)) return Quoted(FormatFloatF(*fill));
  std::string out;
  AppendNumberJson(out, *fill);
  return out;
}

// The types of all nodes of a tree, found bottom-up.
class TypeMap {
 public:
  explicit TypeMap(const Expr& root) {
    std::vector<const Expr*> order = {&root};
    for (size_t i = 0; i < order.size(); ++i) {
      for (const Expr* child : parser::Children(*order[i])) order.push_back(child);
    }
    for (auto node = order.rbegin(); node != order.rend(); ++node) types_[*node] = Compute(**node);
  }

  ValueType Of(const Expr& expr) const { return types_.at(&expr); }

 private:
  ValueType Compute(const Expr& expr) const {
    if (std::holds_alternative<parser::NumberLiteral>(expr.node)) return ValueType::kScalar;
    if (std::holds_alternative<parser::StringLiteral>(expr.node)) return ValueType::kString;
    if (std::holds_alternative<parser::MatrixSelector>(expr.node) ||
        std::holds_alternative<parser::SubqueryExpr>(expr.node)) {
      return ValueType::kRangeVector;
    }
    if (const auto* paren = std::get_if<parser::ParenExpr>(&expr.node)) return Of(*paren->expr);
    if (const auto* unary = std::get_if<parser::UnaryExpr>(&expr.node)) return Of(*unary->expr);
    if (const auto* call = std::get_if<parser::Call>(&expr.node)) {
      const engine::FunctionRow* row = engine::FindFunction(call->function);
      return row == nullptr ? ValueType::kInstantVector : row->result;
    }
    if (const auto* binary = std::get_if<parser::BinaryExpr>(&expr.node)) {
      const bool is_scalar =
          Of(*binary->lhs) == ValueType::kScalar && Of(*binary->rhs) == ValueType::kScalar;
      return is_scalar ? ValueType::kScalar : ValueType::kInstantVector;
    }
    return ValueType::kInstantVector;
  }

  std::unordered_map<const Expr*, ValueType> types_;
};

// Keeps what is still to be written on a stack of its own: texts, and nodes to expand.
class Writer {
 public:
  Writer(std::string& out, const Expr& root) : out_(out), types_(root) { pending_ = {&root}; }

  void Run() {
    while (!pending_.empty()) {
      Piece piece = std::move(pending_.back());
      pending_.pop_back();
      if (const auto* text = std::get_if<std::string>(&piece)) {
        out_ += *text;
      } else {
        pieces_.clear();
        if (const auto* expr = std::get_if<const Expr*>(&piece)) {
          Expand(*expr);
        } else {
          Expand(std::get<const DurationExpr*>(piece));
        }
        std::move(pieces_.rbegin(), pieces_.rend(), std::back_inserter(pending_));
      }
    }
  }

 private:
  using Piece = std::variant<std::string, const Expr*, const DurationExpr*>;

  template <typename... Texts>
  void Text(const Texts&... texts) {
    pieces_.push_back(StrCat(texts...));
  }
  void Node(const parser::ExprPtr& expr) { pieces_.push_back(expr.get()); }

  void Expand(const Expr* expr) {
    if (expr == nullptr) return Text("null");
    std::visit([&](const auto& node) { Add(node); }, expr->node);
  }

  void Expand(const DurationExpr* expr) {
    if (expr == nullptr) return Text("null");
    if (expr->kind == DurationExpr::Kind::kLiteral) {
      return Text(R"({"duration":)", Bool(expr->is_duration), R"(,"type":"numberLiteral","val":)",
                  Quoted(FormatFloatF(expr->seconds)), "}");
    }
    // A sign stands before its operand, which is the right one in Prometheus' tree.
    const bool is_sign =
        expr->kind == DurationExpr::Kind::kPlus || expr->kind == DurationExpr::Kind::kNegate;
    Text(R"({"lhs":)");
    pieces_.push_back(is_sign ? nullptr : static_cast<const DurationExpr*>(expr->lhs.get()));
    Text(R"(,"op":)", Quoted(DurationOperator(expr->kind)), R"(,"rhs":)");
    pieces_.push_back(
        static_cast<const DurationExpr*>(is_sign ? expr->lhs.get() : expr->rhs.get()));
    Text(R"(,"type":"durationExpr","wrapped":)", Bool(expr->is_wrapped), "}");
  }

  // "KEY":ms,"KEYExpr":tree
  void AddDuration(std::string_view key, const parser::Duration& duration) {
    Text("\"", key, "\":", duration.ms, ",\"", key, "Expr\":");
    pieces_.push_back(static_cast<const DurationExpr*>(duration.expr.get()));
  }

  void Add(const parser::NumberLiteral& number) {
    Text(R"({"type":"numberLiteral","val":)", Quoted(FormatFloatF(number.value)), "}");
  }
  void Add(const parser::StringLiteral& text) {
    Text(R"({"type":"stringLiteral","val":)", Quoted(text.value), "}");
  }
  void Add(const parser::ParenExpr& paren) {
    Text(R"({"expr":)");
    Node(paren.expr);
    Text(R"(,"type":"parenExpr"})");
  }
  void Add(const parser::UnaryExpr& unary) {
    Text(R"({"expr":)");
    Node(unary.expr);
    Text(R"(,"op":")", unary.is_negation ? "-" : "+", R"(","type":"unaryExpr"})");
  }

  void Add(const parser::BinaryExpr& binary) {
    Text(R"({"bool":)", Bool(binary.returns_bool), R"(,"lhs":)");
    Node(binary.lhs);
    const bool has_matching = types_.Of(*binary.lhs) == ValueType::kInstantVector &&
                              types_.Of(*binary.rhs) == ValueType::kInstantVector;
    const parser::VectorMatching& m = binary.matching;
    if (has_matching) {
      Text(R"(,"matching":{"card":")", CardinalityText(m.cardinality), R"(","fillValues":{"lhs":)",
           FillJson(m.fill_left), R"(,"rhs":)", FillJson(m.fill_right), R"(},"include":)",
           StringArray(m.include), R"(,"labels":)", StringArray(m.labels), R"(,"on":)",
           Bool(m.is_on), "}");
    } else {
      Text(R"(,"matching":null)");
    }
    Text(R"(,"op":)", Quoted(parser::Symbol(binary.op)), R"(,"rhs":)");
    Node(binary.rhs);
    Text(R"(,"type":"binaryExpr"})");
  }

  void Add(const parser::AggregateExpr& aggregate) {
    Text(R"({"expr":)");
    Node(aggregate.expr);
    Text(R"(,"grouping":)", StringArray(aggregate.grouping), R"(,"op":)",
         Quoted(parser::Describe(aggregate.op).name), R"(,"param":)");
    Node(aggregate.param);
    Text(R"(,"type":"aggregation","without":)", Bool(aggregate.is_without), "}");
  }

  void Add(const parser::Call& call) {
    Text(R"({"args":[)");
    for (size_t i = 0; i < call.args.size(); ++i) {
      if (i > 0) Text(",");
      Node(call.args[i]);
    }
    const engine::FunctionRow* row = engine::FindFunction(call.function);
    std::string types;
    for (int i = 0; row != nullptr && i < row->arg_count; ++i) {
      StrAppend(&types, i > 0 ? "," : "", Quoted(TypeText(row->args[i])));
    }
    Text(R"(],"func":{"argTypes":[)", types, R"(],"name":)", Quoted(call.function),
         R"(,"returnType":)", Quoted(row == nullptr ? "none" : TypeText(row->result)),
         R"(,"variadic":)", row == nullptr ? 0 : row->variadic, R"(},"type":"call"})");
  }

  void AddSelector(const parser::VectorSelector& selector, const parser::Duration* range) {
    std::string matchers;
    AppendMatchersJson(matchers, selector);
    Text(R"({"anchored":)", Bool(selector.is_anchored), R"(,"matchers":)", matchers, R"(,"name":)",
         Quoted(selector.name), ",");
    AddDuration("offset", selector.offset);
    if (range != nullptr) {
      Text(",");
      AddDuration("range", *range);
    }
    Text(R"(,"smoothed":)", Bool(selector.is_smoothed), ",", AtJson(selector.at), R"(,"type":")",
         range != nullptr ? "matrixSelector" : "vectorSelector", "\"}");
  }
  void Add(const parser::VectorSelector& selector) { AddSelector(selector, nullptr); }
  void Add(const parser::MatrixSelector& matrix) { AddSelector(matrix.selector, &matrix.range); }

  void Add(const parser::SubqueryExpr& subquery) {
    Text(R"({"expr":)");
    Node(subquery.expr);
    Text(",");
    AddDuration("offset", subquery.offset);
    Text(",");
    AddDuration("range", subquery.range);
    Text(",", AtJson(subquery.at), ",");
    AddDuration("step", subquery.step);
    Text(R"(,"type":"subquery"})");
  }

  std::string& out_;
  TypeMap types_;
  std::vector<Piece> pending_;
  std::vector<Piece> pieces_;
};

}  // namespace

void AppendExprJson(std::string& out, const parser::Expr& expr) { Writer(out, expr).Run(); }

}  // namespace sloburn::web
