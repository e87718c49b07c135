// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/query_generator.h"

#include <algorithm>
#include <iterator>

#include "base/str_cat.h"
#include "engine/functions/function.h"
#include "parser/operators.h"

namespace sloburn {
namespace {

using engine::ValueType;

constexpr int kMaxDepth = 5;
// Of nodes; keeps queries, and the time they take, small.
constexpr int kMaxNodes = 24;

constexpr const char* kMetrics[] = {"c", "g", "h", "m", "h_bucket", "gappy", "target_info", "none"};
constexpr const char* kMatchers[] = {"a=\"x\"", "a!=\"x\"", "b=~\"1|2\"", "b=~\".*\"",
                                     "a!~\"y.*\"", "le!=\"+Inf\"", "nope=\"\""};
constexpr const char* kLabels[] = {"a", "b", "le", "instance", "nope"};
constexpr const char* kDurations[] = {"1m", "15s", "2m30s", "5m", "10m", "1s", "1h"};
// At least as long as any step below: in a subquery without steps the parts pinned by @ are
// evaluated all the same, as Prometheus does, and may then fail where others are never looked at.
constexpr const char* kSubqueryRanges[] = {"2m30s", "5m", "70s", "10m"};
constexpr const char* kSteps[] = {"", "1m", "15s", "70s"};
constexpr const char* kOffsets[] = {"1m", "-1m", "5m", "7s", "-1h"};
constexpr const char* kTimes[] = {"300", "0", "601.5", "-60", "1200", "5000"};
constexpr const char* kNumbers[] = {"0", "1", "0.5", "2", "-1", "3.25", "NaN", "Inf", "-Inf",
                                    "1e-9", "1e300", "5m"};
constexpr const char* kStrings[] = {"a", "b", "le", "q", "$1", "(.*)", "x-$1", "_", ""};

template <size_t kCount>
const char* OneOf(ByteSource& bytes, const char* const (&texts)[kCount]) {
  return texts[bytes.Pick(kCount)];
}

class Generator {
 public:
  explicit Generator(ByteSource& bytes) : bytes_(bytes) {}

  std::string Root() { return bytes_.Pick(8) == 7 ? Scalar(0) : Vector(0); }

 private:
  // Whether a node may have operands.
  bool MayNest(int depth) { return depth < kMaxDepth && ++nodes_ < kMaxNodes; }

  std::string Of(ValueType type, int depth) {
    switch (type) {
      case ValueType::kScalar: return Scalar(depth);
      case ValueType::kString: return StrCat("\"", OneOf(bytes_, kStrings), "\"");
      case ValueType::kInstantVector: return Vector(depth);
      case ValueType::kRangeVector: return RangeVector(depth);
    }
    return "";
  }

  std::string Vector(int depth) {
    if (!MayNest(depth)) return Selector() + Modifiers();
    switch (bytes_.Pick(9)) {
      case 0: return Selector() + Modifiers();
      case 1: return StrCat("(", Vector(depth + 1), ")");
      case 2: return StrCat(bytes_.Flip() ? "-" : "+", Vector(depth + 1));
      case 3:
      case 4: return Aggregation(depth);
      case 5: return Binary(depth);
      default: return Call(ValueType::kInstantVector, depth);
    }
  }

  std::string Scalar(int depth) {
    if (!MayNest(depth)) return OneOf(bytes_, kNumbers);
    switch (bytes_.Pick(5)) {
      case 3: {
        const auto& op = parser::Describe(static_cast<parser::BinaryOperator>(bytes_.Pick(13)));
        const bool compares = op.op_class == parser::OperatorClass::kComparison;
        return StrCat("(", Scalar(depth + 1), " ", op.symbol, compares ? " bool " : " ",
                      Scalar(depth + 1), ")");
      }
      case 4: return Call(ValueType::kScalar, depth);
      default: return OneOf(bytes_, kNumbers);
    }
  }

  std::string RangeVector(int depth) {
    if (!MayNest(depth) || bytes_.Pick(4) != 3) {
      std::string text = StrCat(Selector(), "[", OneOf(bytes_, kDurations), "]");
      if (bytes_.Pick(6) == 5) text += bytes_.Flip() ? " anchored" : " smoothed";
      return text + Modifiers();
    }
    return StrCat("(", Vector(depth + 1), ")[", OneOf(bytes_, kSubqueryRanges), ":",
                  OneOf(bytes_, kSteps), "]", Modifiers());
  }

  std::string Selector() {
    std::string text = OneOf(bytes_, kMetrics);
    const size_t matchers = bytes_.Pick(4);
    if (matchers == 0 || matchers == 3) return text;
    text += "{";
    for (size_t i = 0; i < matchers; ++i) StrAppend(&text, OneOf(bytes_, kMatchers), ",");
    return text + "}";
  }

  // @ is common, as the planner looks for it.
  std::string Modifiers() {
    std::string text;
    switch (bytes_.Pick(6)) {
      case 1: text = " @ start()"; break;
      case 2: text = " @ end()"; break;
      case 3:
      case 4: text = StrCat(" @ ", OneOf(bytes_, kTimes)); break;
      default: break;
    }
    if (bytes_.Pick(4) == 3) StrAppend(&text, " offset ", OneOf(bytes_, kOffsets));
    return text;
  }

  std::string LabelList() {
    std::string text = "(";
    for (size_t i = bytes_.Pick(3); i > 0; --i) StrAppend(&text, OneOf(bytes_, kLabels), ",");
    return text + ")";
  }

  std::string Aggregation(int depth) {
    const auto op = static_cast<parser::AggregateOperator>(bytes_.Pick(14));
    const parser::AggregateRow& row = parser::Describe(op);
    std::string text(row.name);
    if (bytes_.Flip()) StrAppend(&text, bytes_.Flip() ? " by " : " without ", LabelList());
    text += " (";
    if (row.takes_param) {
      const bool takes_string = op == parser::AggregateOperator::kCountValues;
      StrAppend(&text, takes_string ? "\"v\"" : Scalar(depth + 1), ", ");
    }
    return StrCat(text, Vector(depth + 1), ")");
  }

  std::string Binary(int depth) {
    const auto op = static_cast<parser::BinaryOperator>(bytes_.Pick(18));
    const parser::OperatorRow& row = parser::Describe(op);
    const bool is_set = row.op_class == parser::OperatorClass::kSet;
    std::string text = StrCat("(", Vector(depth + 1), " ", row.symbol);
    if (row.op_class == parser::OperatorClass::kComparison && bytes_.Flip()) text += " bool";
    if (!is_set && bytes_.Pick(3) == 2) {
      return StrCat(text, " ", Scalar(depth + 1), ")");
    }
    if (bytes_.Flip()) {
      StrAppend(&text, bytes_.Flip() ? " on " : " ignoring ", LabelList());
      const size_t group = is_set ? 0 : bytes_.Pick(4);
      if (group == 1) text += " group_left ()";
      if (group == 2) text += " group_right ()";
      if (!is_set && bytes_.Pick(8) == 7) text += " fill (0)";
    }
    return StrCat(text, " ", Vector(depth + 1), ")");
  }

  // A call of the function chosen next that gives `type`.
  std::string Call(ValueType type, int depth) {
    const engine::FunctionRows rows = engine::AllFunctions();
    const size_t start = bytes_.Pick(rows.size());
    size_t index = start;
    while (rows.begin()[index]->result != type) index = (index + 1) % rows.size();
    const engine::FunctionRow& row = *rows.begin()[index];
    int count = row.arg_count;
    if (row.variadic > 0) count -= static_cast<int>(bytes_.Pick(row.variadic + 1));
    if (row.variadic < 0) count += static_cast<int>(bytes_.Pick(3)) - 1;
    std::string text = StrCat(row.name, "(");
    for (int i = 0; i < count; ++i) {
      if (i > 0) text += ", ";
      const bool is_info_selector = row.name == "info" && i == 1;
      text += is_info_selector ? StrCat("{", OneOf(bytes_, kMatchers), "}")
                               : Of(row.args[std::min(i, row.arg_count - 1)], depth + 1);
    }
    return text + ")";
  }

  ByteSource& bytes_;
  int nodes_ = 0;
};

}  // namespace

std::string GenerateQuery(ByteSource& bytes) { return Generator(bytes).Root(); }

}  // namespace sloburn
