// SPDX-License-Identifier: Apache-2.0
#include "parser/grammar.h"

#include "parser/grammar_parsers.h"

namespace sloburn::parser {
namespace {

using namespace x3_tokens;  // NOLINT: the words of the grammar
using Kind = TokenKind;
using Step = StepKind;

constexpr std::string_view kGroupingOpts = "grouping opts";
constexpr std::string_view kLabelMatching = "label matching";
constexpr std::string_view kLabelSet = "label set";
constexpr std::string_view kDurationExpected = "number, duration, step(), or range()";

bool IsMetricName(const Token& token) { return token.is_metric_name; }
bool IsLabelName(const Token& token) { return token.is_label_name; }

bool IsSign(const Token& token) {
  return token.kind == Kind::kOperator &&
         (token.op == BinaryOperator::kAdd || token.op == BinaryOperator::kSubtract);
}

bool IsArithmetic(const Token& token) {
  return token.kind == Kind::kOperator && token.op <= BinaryOperator::kPower;
}

bool IsMatchType(const Token& token) {
  return token.kind == Kind::kEqual || token.kind == Kind::kEqualRegex ||
         token.kind == Kind::kNotEqualRegex ||
         (token.kind == Kind::kOperator && token.op == BinaryOperator::kNotEqual);
}

// Words that name a function where a parenthesis follows.
bool IsFunctionName(const Token& token) {
  switch (token.kind) {
    case Kind::kIdentifier:
    case Kind::kStart:
    case Kind::kEndKeyword:
    case Kind::kStep:
    case Kind::kRange:
    case Kind::kMaxOf:
    case Kind::kMinOf: return true;
    default: return false;
  }
}

bool StartsExpression(const Token& token) {
  switch (token.kind) {
    case Kind::kNumber:
    case Kind::kDuration:
    case Kind::kString:
    case Kind::kLeftParen:
    case Kind::kLeftBrace: return true;
    default: return IsSign(token) || IsMetricName(token);
  }
}

bool FollowsGroup(const Token& token) {
  switch (token.kind) {
    case Kind::kFill:
    case Kind::kFillLeft:
    case Kind::kFillRight: return true;
    default: return StartsExpression(token);
  }
}

const auto comma = token(Kind::kComma);
const auto left_paren = token(Kind::kLeftParen);
const auto right_paren = token(Kind::kRightParen);
const auto right_bracket = token(Kind::kRightBracket);
const auto sign = token_if(IsSign);
const auto number = token(Kind::kNumber) | token(Kind::kDuration);
const auto metric_name = token_if(IsMetricName) >> step(Step::kMetricName);
const auto match_type = token_if(IsMatchType) >> step(Step::kMatchType);

const x3::rule<class ExpressionId> expression = "expression";
const x3::rule<class PrimaryId> primary = "primary";
const x3::rule<class PostfixId> postfix = "postfix";
const x3::rule<class BinaryOperatorId> binary_operator = "binary operator";
const x3::rule<class ArgumentsId> arguments = "arguments";
const x3::rule<class GroupingLabelsId> grouping_labels = "grouping labels";
const x3::rule<class VectorSelectorId> vector_selector = "vector selector";
const x3::rule<class DurationId> duration_sum = "duration";
const x3::rule<class DurationPrimaryId> duration_primary = "duration primary";
const x3::rule<class QueryId> query = "query";
const x3::rule<class SelectorOnlyId> selector_only = "selector";
const x3::rule<class MetricId> metric = "metric";

// ---- Expressions: operands and operators in a row; precedence is the tree builder's matter.

const auto operand = *(sign >> step(Step::kSign)) >> require(primary) >> *postfix;

const auto expression_def = step(Step::kBeginExpr) >> operand >> *(binary_operator >> operand) >>
                            step(Step::kEndExpr);

const auto parenthesized = left_paren >> step(Step::kOpenParen) >> expression >>
                           require(right_paren) >> step(Step::kParen);

const auto grouping = (token(Kind::kBy) | token(Kind::kWithout)) >> step(Step::kGrouping) >>
                      grouping_labels;

// An aggregation's name is a metric name unless one of these follows.
const auto aggregate_ahead =
    &(token(Kind::kAggregate) >> (left_paren | token(Kind::kBy) | token(Kind::kWithout)));

const auto aggregate = aggregate_ahead >> token(Kind::kAggregate) >> step(Step::kAggregate) >>
                       require(grouping >> arguments | arguments >> -grouping, "aggregation") >>
                       step(Step::kAggregateEnd);

const auto call_ahead = &(token_if(IsFunctionName) >> left_paren);

const auto call = call_ahead >> token_if(IsFunctionName) >> step(Step::kCall) >> arguments >>
                  step(Step::kCallEnd);

const auto primary_def = number >> step(Step::kNumber) |
                         token(Kind::kString) >> step(Step::kString) | parenthesized | aggregate |
                         call | vector_selector;

// A comma without an argument after it is noted and reported by the tree builder.
const auto next_argument = comma >> (&token_if(StartsExpression) >> expression |
                                     require(!token(Kind::kError)) >> step(Step::kTrailingComma));

const auto arguments_def =
    require(left_paren) >> (right_paren | expression >> *next_argument >> require(right_paren));

// ---- Binary operators and their modifiers.

const auto label = require(token_if(IsLabelName) | token(Kind::kString), kGroupingOpts,
                           "label") >>
                   step(Step::kLabel);

const auto grouping_labels_def =
    require(bracketed(Kind::kLeftParen, label, Kind::kRightParen, kGroupingOpts, "\",\" or \")\""),
            kGroupingOpts, "\"(\"");

const auto group = (token(Kind::kGroupLeft) | token(Kind::kGroupRight)) >> step(Step::kGroup) >>
                   (&left_paren >> grouping_labels |
                    require(&token_if(FollowsGroup), kGroupingOpts, "\"(\""));

const auto matching = (token(Kind::kOn) | token(Kind::kIgnoring)) >> step(Step::kMatching) >>
                      grouping_labels >> -group;

const auto fill_value = step(Step::kFill) >> require(left_paren) >>
                        -(sign >> step(Step::kFillSign)) >> require(number) >>
                        step(Step::kFillValue) >> require(right_paren);

const auto fill =
    token(Kind::kFill) >> fill_value |
    token(Kind::kFillLeft) >> fill_value >> -(token(Kind::kFillRight) >> fill_value) |
    token(Kind::kFillRight) >> fill_value >> -(token(Kind::kFillLeft) >> fill_value);

const auto binary_operator_def = token(Kind::kOperator) >> step(Step::kOperator) >>
                                 -(token(Kind::kBool) >> step(Step::kBool)) >> -matching >>
                                 -fill >> step(Step::kOperatorEnd);

// ---- Selectors.

const auto matcher_value = require(token(Kind::kString), kLabelMatching, "string") >>
                           step(Step::kMatchValue);

const auto named_matcher = token(Kind::kIdentifier) >> step(Step::kMatcherName) >>
                           require(match_type, kLabelMatching, "label matching operator") >>
                           matcher_value;

// A lone string names the metric.
const auto quoted_matcher = token(Kind::kString) >> step(Step::kMatcherName) >>
                            -(match_type >> matcher_value);

const auto matcher = require(named_matcher | quoted_matcher, kLabelMatching,
                             "identifier or \"}\"") >>
                     step(Step::kMatcherEnd);

const auto matchers = bracketed(Kind::kLeftBrace, matcher, Kind::kRightBrace, kLabelMatching,
                                "\",\" or \"}\"");

const auto vector_selector_def =
    &(token_if(IsMetricName) | token(Kind::kLeftBrace)) >> step(Step::kSelector) >>
    -metric_name >> -matchers >> step(Step::kSelectorEnd);

// ---- What may follow an operand.

const auto subquery_rest =
    require(token(Kind::kColon), "subquery or range", "\":\" or \"]\"") >>
    (right_bracket |
     require(duration_sum, "subquery selector", "number, duration, step(), range(), or \"]\"") >>
         step(Step::kEndRange) >> step(Step::kSubqueryStep) >>
         require(right_bracket, "subquery selector", "\"]\"")) >>
    step(Step::kSubquery);

const auto bracket = token(Kind::kLeftBracket) >> step(Step::kOpenBracket) >>
                     require(duration_sum, "subquery or range selector", kDurationExpected) >>
                     step(Step::kEndRange) >>
                     (right_bracket >> step(Step::kMatrix) | subquery_rest);

// Without parentheses a following operator belongs to the expression around the offset.
const auto single_duration = step(Step::kBeginDuration) >>
                             -(sign >> step(Step::kDurationSign)) >> require(duration_primary);

const auto offset = token(Kind::kOffset) >>
                    require(&(left_paren | sign >> sign) >> duration_sum | single_duration,
                            "offset", kDurationExpected) >>
                    step(Step::kEndDuration) >> step(Step::kOffset);

const auto at_keyword = (token(Kind::kStart) | token(Kind::kEndKeyword)) >> require(left_paren) >>
                        require(right_paren) >> step(Step::kAtKeyword);

const auto at_timestamp = -(sign >> step(Step::kAtSign)) >> require(number) >>
                          step(Step::kAtTimestamp);

const auto at = token(Kind::kAt) >> require(at_keyword | at_timestamp, "@", "timestamp");

const auto extended = (token(Kind::kAnchored) | token(Kind::kSmoothed)) >> step(Step::kExtended);

const auto postfix_def = bracket | offset | at | extended;

// ---- Durations.

const auto duration_operand = *(sign >> step(Step::kDurationSign)) >> require(duration_primary);

const auto duration_sum_def =
    step(Step::kBeginDuration) >> duration_operand >>
    *(token_if(IsArithmetic) >> step(Step::kDurationOperator) >> duration_operand);

const auto inner_duration = duration_sum >> step(Step::kEndDuration);

const auto duration_word = (token(Kind::kStep) | token(Kind::kRange)) >> require(left_paren) >>
                           require(right_paren) >> step(Step::kDurationWord);

const auto duration_call = (token(Kind::kMaxOf) | token(Kind::kMinOf)) >>
                           step(Step::kOpenDurationCall) >> require(left_paren) >>
                           inner_duration >> require(comma) >> inner_duration >>
                           require(right_paren) >> step(Step::kDurationCall);

const auto duration_paren = left_paren >> step(Step::kOpenDurationParen) >> inner_duration >>
                            require(right_paren) >> step(Step::kDurationParen);

const auto duration_primary_def = number >> step(Step::kDurationLiteral) | duration_word |
                                  duration_call | duration_paren;

// ---- Metrics of test files.

const auto label_value = require(token(Kind::kString), kLabelSet, "string") >>
                         step(Step::kMatchValue);

const auto equals = token(Kind::kEqual) >> step(Step::kMatchType);

const auto label_pair =
    require(token(Kind::kIdentifier) >> step(Step::kMatcherName) >>
                    require(equals, kLabelSet, "\"=\"") >> label_value |
                token(Kind::kString) >> step(Step::kMatcherName) >> -(equals >> label_value),
            kLabelSet, "identifier or \"}\"") >>
    step(Step::kMatcherEnd);

const auto label_set = bracketed(Kind::kLeftBrace, label_pair, Kind::kRightBrace, kLabelSet,
                                 "\",\" or \"}\"");

// ---- Start rules.

const auto end = require(token(Kind::kEnd));
const auto query_def = token(Kind::kEnd) >> step(Step::kEmptyQuery) | expression >> end;
const auto selector_only_def = require(vector_selector) >> end;
const auto metric_def = step(Step::kSelector) >> -metric_name >> -label_set >>
                        step(Step::kSelectorEnd) >> end;

BOOST_SPIRIT_DEFINE(expression, primary, postfix, binary_operator, arguments, grouping_labels,
                    vector_selector, duration_sum, duration_primary, query, selector_only, metric)

template <typename Rule>
void Run(const Rule& rule, StepSink& sink, TokenIterator first, TokenIterator last) {
  const auto start = x3::with<StepSink>(sink)[rule];
  x3::parse(first, last, start);
}

SyntaxError Explain(const SyntaxFailure& failure, const LexResult& lexed) {
  const Token& token = *failure.token;
  SyntaxError error;
  error.range = token.range;
  error.token = static_cast<int>(failure.token - lexed.tokens.data());
  error.is_lexical = token.kind == Kind::kError;
  if (error.is_lexical) {
    error.message = lexed.error;
    return error;
  }
  error.message = "unexpected " + Describe(token);
  if (!failure.context.empty()) error.message.append(" in ").append(failure.context);
  if (!failure.expected.empty()) error.message.append(", expected ").append(failure.expected);
  return error;
}

}  // namespace

Syntax ParseTokens(const LexResult& lexed, StartRule start) {
  const TokenIterator first = lexed.tokens.data();
  const TokenIterator last = first + lexed.tokens.size();
  StepSink sink{first, {}};
  sink.steps.reserve(2 * lexed.tokens.size() + 8);
  Syntax syntax;
  try {
    switch (start) {
      case StartRule::kQuery: Run(query, sink, first, last); break;
      case StartRule::kSelector: Run(selector_only, sink, first, last); break;
      case StartRule::kMetric: Run(metric, sink, first, last); break;
    }
  } catch (const SyntaxFailure& failure) {
    syntax.error = Explain(failure, lexed);
  }
  syntax.steps = std::move(sink.steps);
  return syntax;
}

}  // namespace sloburn::parser
