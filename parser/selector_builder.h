// SPDX-License-Identifier: Apache-2.0
// Selectors, and what may follow them: [..], offset, @, anchored, smoothed. Private to
// tree_builder, which tells of each step.
#pragma once

#include <string>
#include <vector>

#include "parser/ast.h"
#include "parser/first_error.h"
#include "parser/parser.h"
#include "parser/syntax.h"
#include "parser/token.h"

namespace sloburn::parser {

// Collects one selector between kSelector and kSelectorEnd.
class SelectorBuilder {
 public:
  // `vocabulary` may be null.
  SelectorBuilder(const std::vector<Token>& tokens, Vocabulary* vocabulary, FirstError& errors)
      : tokens_(tokens), vocabulary_(vocabulary), errors_(errors) {}

  // REQUIRES: the step is kSelector, kMetricName or one of a matcher.
  void Apply(const SyntaxStep& step);
  ExprPtr Finish(const SyntaxStep& step);

 private:
  const std::vector<Token>& tokens_;
  Vocabulary* const vocabulary_;
  FirstError& errors_;
  ExprPtr expr_;
  VectorSelector* selector_ = nullptr;  // in it
  LabelMatcher matcher_;
  bool has_match_type_ = false;
};

// Each applies one modifier to `expr`, whose range it extends to `end`, or reports why it may not
// stand there.
void ApplyOffset(Expr& expr, Duration offset, int end, FirstError& errors);
void ApplyAt(Expr& expr, const AtModifier& at, int end, FirstError& errors);
void ApplyExtended(Expr& expr, const Token& word, const ParseOptions& options, FirstError& errors);

// `@ SECONDS`; reports times out of bounds.
AtModifier AtTimestamp(double seconds, const Expr& expr, FirstError& errors);

// `bracket` reaches from '[' to ']'.
ExprPtr MakeMatrixSelector(ExprPtr expr, Duration range, SourceRange bracket, FirstError& errors);

}  // namespace sloburn::parser
