// SPDX-License-Identifier: Apache-2.0
// The PromQL syntax tree: what was written, not what it means. Function names, argument types and
// regular expressions are checked later, by engine/analyze.
//
// Ownership: a node owns its children. Trees are plain values, immutable once parsed, and may be
// read from any number of threads. Destruction does not recurse, so chains of any length are safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parser/operators.h"
#include "parser/source_range.h"

namespace sloburn::parser {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

// A duration as written in [..], offset and step positions: a literal or arithmetic on literals.
struct DurationExpr {
  enum class Kind {
    kLiteral, kPlus, kNegate,                  // kPlus and kNegate: lhs only
    kAdd, kSubtract, kMultiply, kDivide, kModulo, kPower,
    kStep, kRange, kMinOf, kMaxOf,
  };
  Kind kind = Kind::kLiteral;
  double seconds = 0;              // kLiteral
  bool is_duration = false;        // kLiteral: written 5m, not 300
  bool is_wrapped = false;         // stood in parentheses
  std::unique_ptr<DurationExpr> lhs, rhs;
  SourceRange range;
};

// A duration in milliseconds if it was a literal; otherwise `expr` is set and the value is known
// only when the query's step and range are.
struct Duration {
  int64_t ms = 0;
  std::unique_ptr<DurationExpr> expr;
};

enum class MatchType { kEqual, kNotEqual, kRegex, kNotRegex };

struct LabelMatcher {
  MatchType type = MatchType::kEqual;
  std::string name;
  std::string value;
  SourceRange range;
};

// `@ T`, `@ start()`, `@ end()`.
enum class AtKind { kNone, kTimestamp, kStart, kEnd };

struct AtModifier {
  AtKind kind = AtKind::kNone;
  int64_t timestamp_ms = 0;  // kTimestamp
};

struct NumberLiteral {
  double value = 0;
  bool is_duration = false;  // written as 5m: prints back so
};

struct StringLiteral {
  std::string value;
};

struct ParenExpr {
  ExprPtr expr;
};

struct UnaryExpr {
  bool is_negation = false;  // else unary plus
  ExprPtr expr;
};

enum class Cardinality { kOneToOne, kManyToOne, kOneToMany, kManyToMany };

// What stands between an operator and its right operand.
struct VectorMatching {
  Cardinality cardinality = Cardinality::kOneToOne;
  bool is_on = false;                    // on(..); otherwise ignoring(..) or nothing
  std::vector<std::string> labels;       // of on or ignoring
  std::vector<std::string> include;      // of group_left or group_right
  std::optional<double> fill_left, fill_right;
  bool has_matching = false;             // on or ignoring was written
  bool has_fill() const { return fill_left || fill_right; }
};

struct BinaryExpr {
  BinaryOperator op = BinaryOperator::kAdd;
  bool returns_bool = false;
  VectorMatching matching;
  SourceRange operator_range;  // from the operator through its modifiers
  ExprPtr lhs, rhs;
};

struct AggregateExpr {
  AggregateOperator op = AggregateOperator::kSum;
  ExprPtr expr;
  ExprPtr param;  // null unless the operator takes one
  bool is_without = false;
  std::vector<std::string> grouping;
};

struct Call {
  std::string function;
  SourceRange function_range;
  std::vector<ExprPtr> args;
};

// The instant vector selector, also inside MatrixSelector.
struct VectorSelector {
  std::string name;  // as written before the braces; empty if none was
  std::vector<LabelMatcher> matchers;  // in written order; the name is not repeated here
  Duration offset;
  AtModifier at;
  bool is_anchored = false;
  bool is_smoothed = false;
};

struct MatrixSelector {
  VectorSelector selector;
  SourceRange selector_range;
  Duration range;
};

struct SubqueryExpr {
  ExprPtr expr;
  Duration range;
  Duration step;  // ms == 0 without expr: the default step
  Duration offset;
  AtModifier at;
};

using ExprNode = std::variant<NumberLiteral, StringLiteral, ParenExpr, UnaryExpr, BinaryExpr,
                              AggregateExpr, Call, VectorSelector, MatrixSelector, SubqueryExpr>;

struct Expr {
  ExprNode node;
  SourceRange range;

  template <typename Node>
  Expr(Node n, SourceRange r) : node(std::move(n)), range(r) {}
  Expr(Expr&&) = default;
  Expr& operator=(Expr&&) = default;
  ~Expr();  // with an explicit stack
};

// The direct children of `expr`, in written order (aggregation: param before expr).
std::vector<ExprPtr*> Children(Expr& expr);
std::vector<const Expr*> Children(const Expr& expr);
// One of them, or nullptr behind the last.
const Expr* Child(const Expr& expr, size_t index);

}  // namespace sloburn::parser
