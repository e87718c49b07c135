// SPDX-License-Identifier: Apache-2.0
// The X3 primitives of the grammar. Private to grammar.cc, as they bring in Boost.
//
//   token(kind)                 one token
//   token_if(predicate)         one token that the function likes
//   binary_op(op)               the operator token `op`
//   step(kind)                  reads nothing; notes a step with the last token read
//   require(p, context, text)   p, or a SyntaxFailure; names context and expectation unless the
//                               failure inside p has named its own
//
// Rules decide by tokens ahead before they note a step, so that no step is ever taken back.
#pragma once

#include <boost/spirit/home/x3.hpp>
#include <string_view>

#include "parser/syntax.h"
#include "parser/token.h"

namespace sloburn::parser::x3_tokens {

namespace x3 = boost::spirit::x3;

using TokenIterator = const Token*;

struct SyntaxFailure {
  TokenIterator token;
  std::string_view context, expected;
};

// The context entry under which step() finds where to write.
struct StepSink {
  const Token* first_token;
  std::vector<SyntaxStep> steps;
};

template <typename Predicate>
struct TokenParser : x3::parser<TokenParser<Predicate>> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;

  constexpr explicit TokenParser(Predicate predicate) : predicate(predicate) {}

  template <typename Iterator, typename Context, typename RuleContext, typename Attribute>
  bool parse(Iterator& first, const Iterator& last, const Context&, RuleContext&,
             Attribute&) const {
    if (first == last || !predicate(*first)) return false;
    ++first;
    return true;
  }

  Predicate predicate;
};

struct IsKind {
  TokenKind kind;
  bool operator()(const Token& token) const { return token.kind == kind; }
};

struct IsBinaryOp {
  BinaryOperator op;
  bool operator()(const Token& token) const {
    return token.kind == TokenKind::kOperator && token.op == op;
  }
};

using TokenPredicate = bool (*)(const Token&);

constexpr TokenParser<IsKind> token(TokenKind kind) { return TokenParser<IsKind>({kind}); }
constexpr TokenParser<IsBinaryOp> binary_op(BinaryOperator op) {
  return TokenParser<IsBinaryOp>({op});
}
constexpr TokenParser<TokenPredicate> token_if(TokenPredicate predicate) {
  return TokenParser<TokenPredicate>(predicate);
}

struct StepParser : x3::parser<StepParser> {
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;

  constexpr explicit StepParser(StepKind kind) : kind(kind) {}

  template <typename Iterator, typename Context, typename RuleContext, typename Attribute>
  bool parse(Iterator& first, const Iterator&, const Context& context, RuleContext&,
             Attribute&) const {
    StepSink& sink = x3::get<StepSink>(context);
    sink.steps.push_back({kind, static_cast<int>(first - sink.first_token) - 1});
    return true;
  }

  StepKind kind;
};

constexpr StepParser step(StepKind kind) { return StepParser(kind); }

template <typename Subject>
struct RequireParser : x3::unary_parser<Subject, RequireParser<Subject>> {
  using Base = x3::unary_parser<Subject, RequireParser<Subject>>;
  using attribute_type = x3::unused_type;
  static constexpr bool has_attribute = false;

  constexpr RequireParser(const Subject& subject, std::string_view context,
                          std::string_view expected)
      : Base(subject), context(context), expected(expected) {}

  template <typename Iterator, typename Context, typename RuleContext, typename Attribute>
  bool parse(Iterator& first, const Iterator& last, const Context& x3_context,
             RuleContext& rule_context, Attribute& attribute) const {
    try {
      if (this->subject.parse(first, last, x3_context, rule_context, attribute)) return true;
    } catch (SyntaxFailure& failure) {
      if (!failure.context.empty() || context.empty()) throw;
      failure.context = context;
      failure.expected = expected;
      throw;
    }
    throw SyntaxFailure{first, context, expected};
  }

  std::string_view context, expected;
};

template <typename Subject>
constexpr auto require(const Subject& subject, std::string_view context = "",
                       std::string_view expected = "") {
  using Parser = typename x3::extension::as_parser<Subject>::value_type;
  return RequireParser<Parser>(x3::as_parser(subject), context, expected);
}

// open close | open item {, item} [,] close
template <typename Item>
constexpr auto bracketed(TokenKind open, const Item& item, TokenKind close,
                         std::string_view context, std::string_view expected) {
  const auto comma = token(TokenKind::kComma);
  return token(open) >>
         (token(close) | (item >> *(comma >> !token(close) >> item) >> -comma >>
                          require(token(close), context, expected)));
}

}  // namespace sloburn::parser::x3_tokens
