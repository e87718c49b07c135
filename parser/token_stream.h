// SPDX-License-Identifier: Apache-2.0
// The tokens of one text, read one by one, and the errors found on the way. Private to the grammar.
//
// A syntax error is a C++ exception inside this folder's grammar only: thrown by Unexpected and
// caught by Run, so that every rule reads as the syntax it describes.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "parser/parser.h"
#include "parser/token.h"

namespace sloburn::parser {

class TokenStream {
 public:
  TokenStream(std::string_view text, std::vector<Token> tokens, const ParseOptions& options)
      : text_(text), tokens_(std::move(tokens)), options_(options) {}

  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
  }
  bool Is(TokenKind kind) const { return Peek().kind == kind; }
  Token Take() {
    last_end_ = Peek().range.end;
    Token token = Peek();
    if (next_ + 1 < tokens_.size()) ++next_;
    return token;
  }
  bool TakeIf(TokenKind kind) {
    if (!Is(kind)) return false;
    Take();
    return true;
  }
  // One past the last token taken.
  int last_end() const { return last_end_; }
  const ParseOptions& options() const { return options_; }

  // "unexpected DESC[ in CONTEXT][, expected EXPECTED]"; the lexer's own error wins.
  [[noreturn]] void Unexpected(std::string_view context = "", std::string_view expected = "");
  Token Require(TokenKind kind, std::string_view context = "", std::string_view expected = "") {
    if (!Is(kind)) Unexpected(context, expected);
    return Take();
  }

  // Keeps the first error; parsing goes on.
  void Report(SourceRange range, std::string message);

  // Inside the arguments of an aggregation Prometheus names that as the context of any error.
  class AggregationScope {
   public:
    explicit AggregationScope(TokenStream& stream) : stream_(stream) {
      ++stream_.aggregation_depth_;
    }
    ~AggregationScope() { --stream_.aggregation_depth_; }

   private:
    TokenStream& stream_;
  };

  // Runs `rule(stream)` -> ExprPtr and returns the first error found, if any.
  template <typename Rule>
  absl::StatusOr<ExprPtr> Run(Rule rule) {
    ExprPtr expr;
    try {
      expr = rule(*this);
    } catch (const SyntaxFailure& failure) {
      Report(failure.range, failure.message);
    }
    if (first_error_) return *first_error_;
    return expr;
  }

 private:
  struct SyntaxFailure {
    SourceRange range;
    std::string message;
  };

  const std::string_view text_;
  std::vector<Token> tokens_;
  const ParseOptions& options_;
  size_t next_ = 0;
  int last_end_ = 0;
  int aggregation_depth_ = 0;
  std::optional<absl::Status> first_error_;
};

}  // namespace sloburn::parser
