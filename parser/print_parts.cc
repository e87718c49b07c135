// SPDX-License-Identifier: Apache-2.0
#include "parser/print_parts.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/float_text.h"
#include "base/utf8.h"
#include "parser/keywords.h"
#include "parser/parser.h"
#include "parser/printer.h"

namespace sloburn::parser {
namespace {

std::string LabelName(const std::string& name) {
  return IsLegacyLabelName(name) ? name : GoQuote(name);
}

// In a list the words `without`, `inf` and `nan` are no names.
std::string ListedLabel(const std::string& name) {
  const KeywordRow* const keyword = FindKeyword(name);
  return keyword != nullptr && !keyword->is_label_name ? GoQuote(name) : LabelName(name);
}

std::string LabelList(const std::vector<std::string>& labels) {
  return absl::StrCat("(",
                      absl::StrJoin(labels, ", ",
                                    [](std::string* out, const std::string& label) {
                                      *out += ListedLabel(label);
                                    }),
                      ")");
}

int64_t ToMs(double seconds) { return std::llround(seconds * 1000); }

std::string DurationExprText(const DurationExpr& node) {
  using Kind = DurationExpr::Kind;
  const auto binary = [&node](std::string_view op) {
    return absl::StrCat(DurationExprText(*node.lhs), " ", std::string(op), " ",
                        DurationExprText(*node.rhs));
  };
  const auto call = [&node](std::string_view name) {
    return absl::StrCat(std::string(name), "(", DurationExprText(*node.lhs), ", ",
                        DurationExprText(*node.rhs), ")");
  };
  std::string text;
  switch (node.kind) {
    case Kind::kLiteral:
      text = node.is_duration ? FormatDuration(ToMs(node.seconds)) : FormatFloatF(node.seconds);
      break;
    case Kind::kPlus: text = DurationExprText(*node.lhs); break;
    case Kind::kNegate: text = "-" + DurationExprText(*node.lhs); break;
    case Kind::kAdd: text = binary("+"); break;
    case Kind::kSubtract: text = binary("-"); break;
    case Kind::kMultiply: text = binary("*"); break;
    case Kind::kDivide: text = binary("/"); break;
    case Kind::kModulo: text = binary("%"); break;
    case Kind::kPower: text = binary("^"); break;
    case Kind::kStep: text = "step()"; break;
    case Kind::kRange: text = "range()"; break;
    case Kind::kMinOf: text = call("min_of"); break;
    case Kind::kMaxOf: text = call("max_of"); break;
  }
  return node.is_wrapped ? "(" + text + ")" : text;
}

std::string DurationText(const Duration& duration) {
  return duration.expr != nullptr ? DurationExprText(*duration.expr)
                                  : FormatDuration(duration.ms);
}

std::string AtText(const AtModifier& at) {
  switch (at.kind) {
    case AtKind::kNone: return "";
    case AtKind::kStart: return " @ start()";
    case AtKind::kEnd: return " @ end()";
    case AtKind::kTimestamp: break;
  }
  return absl::StrFormat(" @ %.3f", static_cast<double>(at.timestamp_ms) / 1000);
}

std::string OffsetText(const Duration& offset) {
  if (offset.ms == 0 && offset.expr == nullptr) return "";
  return " offset " + DurationText(offset);
}

std::string ExtendedText(const VectorSelector& selector) {
  return selector.is_anchored ? " anchored" : selector.is_smoothed ? " smoothed" : "";
}

// The name and the matchers, the latter sorted by their text.
std::string SelectorHead(const VectorSelector& selector) {
  std::vector<std::string> matchers;
  for (const LabelMatcher& matcher : selector.matchers) {
    const bool repeats_name = !selector.name.empty() && matcher.name == "__name__" &&
                              matcher.type == MatchType::kEqual && matcher.value == selector.name;
    if (!repeats_name) matchers.push_back(PrintMatcher(matcher));
  }
  std::sort(matchers.begin(), matchers.end());
  if (matchers.empty() && !selector.name.empty()) return selector.name;
  return absl::StrCat(selector.name, "{", absl::StrJoin(matchers, ","), "}");
}

std::string NumberText(const NumberLiteral& number) {
  return number.is_duration ? FormatDuration(ToMs(number.value)) : FormatFloatF(number.value);
}

}  // namespace

std::string PrintMatcher(const LabelMatcher& matcher) {
  std::string_view op = "=";
  switch (matcher.type) {
    case MatchType::kEqual: op = "="; break;
    case MatchType::kNotEqual: op = "!="; break;
    case MatchType::kRegex: op = "=~"; break;
    case MatchType::kNotRegex: op = "!~"; break;
  }
  return absl::StrCat(LabelName(matcher.name), std::string(op), GoQuote(matcher.value));
}

std::string AggregateHead(const AggregateExpr& aggregate) {
  std::string head(Describe(aggregate.op).name);
  if (aggregate.is_without) {
    absl::StrAppend(&head, " without ", LabelList(aggregate.grouping), " ");
  } else if (!aggregate.grouping.empty()) {
    absl::StrAppend(&head, " by ", LabelList(aggregate.grouping), " ");
  }
  return head;
}

std::string OperatorText(const BinaryExpr& binary) {
  std::string text(Symbol(binary.op));
  if (binary.returns_bool) text += " bool";
  const VectorMatching& matching = binary.matching;
  const bool is_grouped = matching.cardinality == Cardinality::kManyToOne ||
                          matching.cardinality == Cardinality::kOneToMany;
  if (matching.is_on || !matching.labels.empty() || is_grouped) {
    absl::StrAppend(&text, matching.is_on ? " on " : " ignoring ", LabelList(matching.labels));
  }
  if (is_grouped) {
    const bool is_left = matching.cardinality == Cardinality::kManyToOne;
    absl::StrAppend(&text, is_left ? " group_left " : " group_right ",
                    LabelList(matching.include));
  }
  const auto fill = [&text](std::string_view name, double value) {
    absl::StrAppend(&text, " ", std::string(name), " (", FormatFloatG(value), ")");
  };
  if (matching.fill_left && matching.fill_right && *matching.fill_left == *matching.fill_right) {
    fill("fill", *matching.fill_left);
  } else {
    if (matching.fill_left) fill("fill_left", *matching.fill_left);
    if (matching.fill_right) fill("fill_right", *matching.fill_right);
  }
  return text;
}

std::string SubquerySuffix(const SubqueryExpr& subquery) {
  const bool has_step = subquery.step.ms != 0 || subquery.step.expr != nullptr;
  return absl::StrCat("[", DurationText(subquery.range), ":",
                      has_step ? DurationText(subquery.step) : "", "]", AtText(subquery.at),
                      OffsetText(subquery.offset));
}

std::string LeafText(const Expr& expr) {
  if (const auto* number = std::get_if<NumberLiteral>(&expr.node)) return NumberText(*number);
  if (const auto* text = std::get_if<StringLiteral>(&expr.node)) return GoQuote(text->value);
  if (const auto* vector = std::get_if<VectorSelector>(&expr.node)) {
    return absl::StrCat(SelectorHead(*vector), AtText(vector->at), ExtendedText(*vector),
                        OffsetText(vector->offset));
  }
  const auto& matrix = std::get<MatrixSelector>(expr.node);
  return absl::StrCat(SelectorHead(matrix.selector), "[", DurationText(matrix.range), "]",
                      ExtendedText(matrix.selector), AtText(matrix.selector.at),
                      OffsetText(matrix.selector.offset));
}

}  // namespace sloburn::parser
