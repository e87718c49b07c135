// SPDX-License-Identifier: Apache-2.0
#include "engine/analyze/analyze.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/analyze/lookups.h"
#include "engine/model/labels.h"

namespace sloburn::engine {
namespace {

using parser::Expr;
using parser::SourceRange;

// Prometheus checks the aggregated expression before the parameter.
std::vector<const Expr*> InCheckingOrder(const Expr& expr) {
  std::vector<const Expr*> children = parser::Children(expr);
  if (std::holds_alternative<parser::AggregateExpr>(expr.node)) {
    std::reverse(children.begin(), children.end());
  }
  return children;
}

std::string Documented(ValueType type) { return std::string(TypeName(type)); }

bool IsVectorOrScalar(ValueType type) {
  return type == ValueType::kScalar || type == ValueType::kInstantVector;
}

// Walks the tree with an explicit stack; keeps the first error.
class Checker {
 public:
  Checker(std::string_view text, const Lookups& lookups) : text_(text), lookups_(lookups) {}

  absl::StatusOr<ValueType> Run(const Expr& root) {
    std::vector<Frame> stack;
    stack.push_back(Enter(root));
    while (!stack.empty() && !error_) {
      Frame& frame = stack.back();
      if (frame.next > 0) CheckOperand(*frame.expr, *frame.children[frame.next - 1], frame.next - 1);
      if (frame.next < frame.children.size()) {
        const Expr* const child = frame.children[frame.next++];
        stack.push_back(Enter(*child));
        continue;
      }
      types_[frame.expr] = Leave(*frame.expr);
      stack.pop_back();
    }
    if (error_) return *error_;
    return types_.at(&root);
  }

 private:
  struct Frame {
    const Expr* expr;
    std::vector<const Expr*> children;
    size_t next = 0;
  };

  Frame Enter(const Expr& expr) {
    if (const auto* call = std::get_if<parser::Call>(&expr.node)) {
      CheckArity(expr, *call);
      if (call->function == "info" && call->args.size() > 1) CheckInfo(*call->args[1]);
    }
    return {&expr, InCheckingOrder(expr), 0};
  }

  void Fail(SourceRange range, std::string message) {
    if (!error_) error_ = parser::ParseErrorAt(text_, range, message);
  }

  ValueType TypeOf(const parser::ExprPtr& expr) const { return types_.at(expr.get()); }

  void CheckArity(const Expr& expr, const parser::Call& call) {
    const FunctionRow& row = *FindFunction(call.function);
    const int given = static_cast<int>(call.args.size());
    const std::string name = GoQuote(call.function);
    if (row.variadic == 0) {
      if (given != row.arg_count) {
        Fail(expr.range, absl::StrCat("expected ", row.arg_count, " argument(s) in call to ", name,
                                      ", got ", given));
      }
      return;
    }
    const int least = row.arg_count - 1;
    if (given < least) {
      Fail(expr.range, absl::StrCat("expected at least ", least, " argument(s) in call to ", name,
                                    ", got ", given));
    } else if (row.variadic > 0 && given > least + row.variadic) {
      Fail(expr.range, absl::StrCat("expected at most ", least + row.variadic,
                                    " argument(s) in call to ", name, ", got ", given));
    }
  }

  // Called when the operand at `index` has its type.
  void CheckOperand(const Expr& parent, const Expr& operand, size_t index) {
    std::string where;
    ValueType wanted = ValueType::kInstantVector;
    if (const auto* aggregate = std::get_if<parser::AggregateExpr>(&parent.node)) {
      where = index == 0 ? "aggregation expression" : "aggregation parameter";
      if (index == 1) {
        wanted = aggregate->op == parser::AggregateOperator::kCountValues ? ValueType::kString
                                                                          : ValueType::kScalar;
      }
    } else if (const auto* call = std::get_if<parser::Call>(&parent.node)) {
      const FunctionRow& row = *FindFunction(call->function);
      where = absl::StrCat("call to function ", GoQuote(call->function));
      wanted = row.args[std::min<int>(static_cast<int>(index), row.arg_count - 1)];
    } else {
      return;
    }
    const ValueType got = types_.at(&operand);
    if (got == wanted) return;
    Fail(operand.range, absl::StrCat("expected type ", Documented(wanted), " in ", where,
                                     ", got ", Documented(got)));
  }

  // All children have their types.
  ValueType Leave(const Expr& expr) {
    struct Visitor {
      Checker& checker;
      const Expr& expr;
      ValueType operator()(const parser::NumberLiteral&) { return ValueType::kScalar; }
      ValueType operator()(const parser::StringLiteral&) { return ValueType::kString; }
      ValueType operator()(const parser::ParenExpr& paren) { return checker.TypeOf(paren.expr); }
      ValueType operator()(const parser::UnaryExpr& unary) {
        return checker.CheckUnary(expr, checker.TypeOf(unary.expr));
      }
      ValueType operator()(const parser::BinaryExpr& binary) {
        return checker.CheckBinary(expr, binary);
      }
      ValueType operator()(const parser::AggregateExpr&) { return ValueType::kInstantVector; }
      ValueType operator()(const parser::Call& call) { return FindFunction(call.function)->result; }
      ValueType operator()(const parser::VectorSelector& selector) {
        checker.CheckSelector(expr.range, selector);
        return ValueType::kInstantVector;
      }
      ValueType operator()(const parser::MatrixSelector& matrix) {
        checker.CheckSelector(matrix.selector_range, matrix.selector);
        return ValueType::kRangeVector;
      }
      ValueType operator()(const parser::SubqueryExpr& subquery) {
        return checker.CheckSubquery(expr, checker.TypeOf(subquery.expr));
      }
    };
    return std::visit(Visitor{*this, expr}, expr.node);
  }

  ValueType CheckUnary(const Expr& expr, ValueType type) {
    if (!IsVectorOrScalar(type)) {
      Fail(expr.range,
           absl::StrCat("unary expression only allowed on expressions of type scalar or instant "
                        "vector, got ",
                        GoQuote(Documented(type))));
    }
    return type;
  }

  ValueType CheckSubquery(const Expr& expr, ValueType type) {
    if (type != ValueType::kInstantVector) {
      // The raw words of Prometheus' value types, not the documented ones.
      const char* const raw = type == ValueType::kRangeVector ? "matrix"
                              : type == ValueType::kScalar    ? "scalar"
                                                              : "string";
      Fail(expr.range, absl::StrCat("subquery is only allowed on instant vector, got ", raw,
                                    " instead"));
    }
    return ValueType::kRangeVector;
  }

  ValueType CheckBinary(const Expr& expr, const parser::BinaryExpr& binary) {
    const ValueType left = TypeOf(binary.lhs), right = TypeOf(binary.rhs);
    const bool is_scalar = left == ValueType::kScalar && right == ValueType::kScalar;
    CheckOperator(binary, is_scalar);
    constexpr char kWrongType[] =
        "binary expression must contain only scalar and instant vector types";
    if (!IsVectorOrScalar(left)) Fail(binary.lhs->range, kWrongType);
    if (!IsVectorOrScalar(right)) Fail(binary.rhs->range, kWrongType);
    const bool is_vectors =
        left == ValueType::kInstantVector && right == ValueType::kInstantVector;
    CheckMatching(expr.range, binary, is_vectors);
    if (parser::IsSet(binary.op) &&
        (left == ValueType::kScalar || right == ValueType::kScalar)) {
      Fail(expr.range, absl::StrCat("set operator ", GoQuote(parser::Symbol(binary.op)),
                                    " not allowed in binary scalar expression"));
    }
    return is_scalar ? ValueType::kScalar : ValueType::kInstantVector;
  }

  void CheckOperator(const parser::BinaryExpr& binary, bool is_scalar) {
    const bool is_comparison = parser::IsComparison(binary.op);
    if (binary.returns_bool && !is_comparison) {
      Fail(binary.operator_range, "bool modifier can only be used on comparison operators");
    }
    if (is_comparison && !binary.returns_bool && is_scalar) {
      Fail(binary.operator_range, "comparisons between scalars must use BOOL modifier");
    }
    if (!binary.matching.is_on) return;
    for (const std::string& label : binary.matching.labels) {
      const auto& include = binary.matching.include;
      if (std::find(include.begin(), include.end(), label) == include.end()) continue;
      Fail(binary.operator_range, absl::StrCat("label ", GoQuote(label),
                                               " must not occur in ON and GROUP clause at once"));
    }
  }

  void CheckMatching(SourceRange range, const parser::BinaryExpr& binary, bool is_vectors) {
    const parser::VectorMatching& matching = binary.matching;
    if (!is_vectors) {
      if (!matching.labels.empty()) {
        Fail(range, "vector matching only allowed between instant vectors");
      }
      if (matching.has_fill()) {
        Fail(range, "filling in missing series only allowed between instant vectors");
      }
      return;
    }
    if (!parser::IsSet(binary.op)) return;
    if (matching.cardinality != parser::Cardinality::kManyToMany) {
      Fail(range, absl::StrCat("no grouping allowed for ", GoQuote(parser::Symbol(binary.op)),
                               " operation"));
    }
    if (matching.has_fill()) {
      Fail(range, "filling in missing series not allowed for set operators");
    }
  }

  // The second argument of info() is a bare list of matchers, which may accept anything.
  void CheckInfo(const Expr& arg) {
    const auto* const selector = std::get_if<parser::VectorSelector>(&arg.node);
    if (selector == nullptr) {
      Fail(arg.range, "expected label selectors only");
    } else if (!selector->name.empty()) {
      Fail(arg.range, "expected label selectors only, got vector selector instead");
    }
    info_selector_ = selector;
  }

  void CheckSelector(SourceRange range, const parser::VectorSelector& selector) {
    for (const parser::LabelMatcher& matcher : selector.matchers) {
      if (!selector.name.empty() && matcher.name == kMetricName) {
        return Fail(range, absl::StrCat("metric name must not be set twice: ",
                                        GoQuote(selector.name), " or ", GoQuote(matcher.value)));
      }
    }
    if (&selector != info_selector_ && lookups_.without_non_empty_matcher.count(&selector) > 0) {
      Fail(range, "vector selector must contain at least one non-empty matcher");
    }
  }

  const std::string_view text_;
  const Lookups& lookups_;
  const parser::VectorSelector* info_selector_ = nullptr;
  std::unordered_map<const Expr*, ValueType> types_;
  std::optional<absl::Status> error_;
};

}  // namespace

absl::StatusOr<ValueType> Analyze(std::string_view text, const parser::Expr& expr,
                                  const AnalyzeOptions& options) {
  ASSIGN_OR_RETURN(const Lookups lookups, LookUp(text, expr, options));
  return Checker(text, lookups).Run(expr);
}

}  // namespace sloburn::engine
