// SPDX-License-Identifier: Apache-2.0
#include "engine/analyze/analyze.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/analyze/vocabulary.h"
#include "engine/model/labels.h"

namespace sloburn::engine {
namespace {

using parser::Expr;
using parser::SourceRange;

// Prometheus checks the aggregated expression before the parameter. nullptr behind the last.
const Expr* OperandInCheckingOrder(const Expr& expr, size_t index) {
  if (const auto* aggregate = std::get_if<parser::AggregateExpr>(&expr.node)) {
    return index == 0 ? aggregate->expr.get() : index == 1 ? aggregate->param.get() : nullptr;
  }
  return parser::Child(expr, index);
}

std::string Documented(ValueType type) { return std::string(TypeName(type)); }

bool IsVectorOrScalar(ValueType type) {
  return type == ValueType::kScalar || type == ValueType::kInstantVector;
}

// Walks the tree with an explicit stack; keeps the first error.
class Checker {
 public:
  Checker(std::string_view text, RegexCache& regexes) : text_(text), regexes_(regexes) {}

  absl::StatusOr<ValueType> Run(const Expr& root) {
    std::vector<Frame> stack;
    stack.push_back(Enter(root));
    while (!stack.empty() && !error_) {
      Frame& frame = stack.back();
      if (frame.next > 0) CheckOperand(frame);
      if (const Expr* operand = OperandInCheckingOrder(*frame.expr, frame.next)) {
        ++frame.next;
        stack.push_back(Enter(*operand));
        continue;
      }
      const size_t first = types_.size() - frame.next;
      const ValueType type = Leave(frame, types_.data() + first);
      types_.resize(first);
      types_.push_back(type);
      stack.pop_back();
    }
    if (error_) return *error_;
    return types_.back();
  }

 private:
  struct Frame {
    const Expr* expr;
    const FunctionRow* function;  // of a call
    size_t next = 0;              // the types of as many operands are on types_
  };

  Frame Enter(const Expr& expr) {
    const auto* const call = std::get_if<parser::Call>(&expr.node);
    if (call == nullptr) return {&expr, nullptr};
    const FunctionRow* const row = FindFunction(call->function);
    CheckArity(expr, *call, *row);
    if (call->function == "info" && call->args.size() > 1) CheckInfo(*call->args[1]);
    return {&expr, row};
  }

  void Fail(SourceRange range, std::string message) {
    if (!error_) error_ = parser::ParseErrorAt(text_, range, message);
  }

  void CheckArity(const Expr& expr, const parser::Call& call, const FunctionRow& row) {
    const int given = static_cast<int>(call.args.size());
    const auto fail = [&](const char* how_many, int wanted) {
      Fail(expr.range, absl::StrCat("expected ", how_many, wanted, " argument(s) in call to ",
                                    GoQuote(call.function), ", got ", given));
    };
    if (row.variadic == 0) {
      if (given != row.arg_count) fail("", row.arg_count);
      return;
    }
    const int least = row.arg_count - 1;
    if (given < least) {
      fail("at least ", least);
    } else if (row.variadic > 0 && given > least + row.variadic) {
      fail("at most ", least + row.variadic);
    }
  }

  // Called when the last operand looked at has its type.
  void CheckOperand(const Frame& frame) {
    const size_t index = frame.next - 1;
    const auto* const aggregate = std::get_if<parser::AggregateExpr>(&frame.expr->node);
    if (aggregate == nullptr && frame.function == nullptr) return;
    ValueType wanted = ValueType::kInstantVector;
    if (aggregate == nullptr) {
      const FunctionRow& row = *frame.function;
      wanted = row.args[std::min<int>(static_cast<int>(index), row.arg_count - 1)];
    } else if (index == 1) {
      wanted = aggregate->op == parser::AggregateOperator::kCountValues ? ValueType::kString
                                                                        : ValueType::kScalar;
    }
    const ValueType got = types_.back();
    if (got == wanted) return;
    const std::string where =
        aggregate == nullptr
            ? absl::StrCat("call to function ", GoQuote(frame.function->name))
            : index == 0 ? "aggregation expression" : "aggregation parameter";
    Fail(OperandInCheckingOrder(*frame.expr, index)->range,
         absl::StrCat("expected type ", Documented(wanted), " in ", where, ", got ",
                      Documented(got)));
  }

  // `operands` are the types of all operands, in the order of checking.
  ValueType Leave(const Frame& frame, const ValueType* operands) {
    struct Visitor {
      Checker& checker;
      const Frame& frame;
      const ValueType* operands;
      ValueType operator()(const parser::NumberLiteral&) { return ValueType::kScalar; }
      ValueType operator()(const parser::StringLiteral&) { return ValueType::kString; }
      ValueType operator()(const parser::ParenExpr&) { return operands[0]; }
      ValueType operator()(const parser::UnaryExpr&) {
        return checker.CheckUnary(*frame.expr, operands[0]);
      }
      ValueType operator()(const parser::BinaryExpr& binary) {
        return checker.CheckBinary(*frame.expr, binary, operands[0], operands[1]);
      }
      ValueType operator()(const parser::AggregateExpr&) { return ValueType::kInstantVector; }
      ValueType operator()(const parser::Call&) { return frame.function->result; }
      ValueType operator()(const parser::VectorSelector& selector) {
        checker.CheckSelector(frame.expr->range, selector);
        return ValueType::kInstantVector;
      }
      ValueType operator()(const parser::MatrixSelector& matrix) {
        checker.CheckSelector(matrix.selector_range, matrix.selector);
        return ValueType::kRangeVector;
      }
      ValueType operator()(const parser::SubqueryExpr&) {
        return checker.CheckSubquery(*frame.expr, operands[0]);
      }
    };
    return std::visit(Visitor{*this, frame, operands}, frame.expr->node);
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

  ValueType CheckBinary(const Expr& expr, const parser::BinaryExpr& binary, ValueType left,
                        ValueType right) {
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
    if (&selector != info_selector_ && !HasNonEmptyMatcher(selector)) {
      Fail(range, "vector selector must contain at least one non-empty matcher");
    }
  }

  bool HasNonEmptyMatcher(const parser::VectorSelector& selector) {
    if (!selector.name.empty()) return true;
    for (const parser::LabelMatcher& written : selector.matchers) {
      const auto matcher =
          Matcher::Create(written.type, written.name, written.value, &regexes_);
      if (matcher.ok() && !matcher->matches_empty()) return true;
    }
    return false;
  }

  const std::string_view text_;
  RegexCache& regexes_;
  const parser::VectorSelector* info_selector_ = nullptr;
  std::vector<ValueType> types_;
  std::optional<absl::Status> error_;
};

}  // namespace

absl::StatusOr<AnalyzedExpr> Analyze(std::string_view text, const parser::ParseOptions& options,
                                     RegexCache& regexes) {
  EngineVocabulary vocabulary(options.enable_experimental_functions, regexes);
  AnalyzedExpr analyzed;
  ASSIGN_OR_RETURN(analyzed.expr, parser::Parse(text, options, &vocabulary));
  ASSIGN_OR_RETURN(analyzed.type, Checker(text, regexes).Run(*analyzed.expr));
  return analyzed;
}

}  // namespace sloburn::engine
