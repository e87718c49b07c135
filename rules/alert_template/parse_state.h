// SPDX-License-Identifier: Apache-2.0
// How far the parsing of a template has come: the next token, the scope, and the depth; with the
// errors that name its line. Private to the parser and its pipeline parser.
//
//   ParseState state(parsed, limits);
//   if (state.PeekNonSpace().kind == TemplateTokenKind::kPipe) state.Next();
//
// Threads: one template, one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rules/alert_template/lexer.h"
#include "rules/alert_template/limits.h"
#include "rules/alert_template/parser.h"

namespace sloburn::rules {

// What the template and each {{define}} or {{block}} in it have of their own.
struct ParseScope {
  std::vector<std::string> variables;
  size_t fetched = 0;   // tokens seen so far: errors name the line of the last one
  int action_line = 0;  // where the action began that is being read; 0: none
  int range_depth = 0;
};

class ParseState {
 public:
  // Both must outlive the state.
  ParseState(ParsedTemplate& a_parsed, const TemplateLimits& limits);

  // Tokens; nothing is read beyond an error or the end. References stay valid.
  const TemplateToken& Peek() {
    scope.fetched = std::max(scope.fetched, next_ + 1);
    return tokens_[next_];
  }
  const TemplateToken& Next();
  const TemplateToken& PeekNonSpace();
  const TemplateToken& NextNonSpace();
  // The place of the next token, to come back to it.
  size_t place() const { return next_; }
  void Restore(size_t place) { next_ = place; }
  // Unexpected where the next token, after spaces, is of another kind.
  absl::Status Expect(TemplateTokenKind kind, std::string_view context);

  // All InvalidArgument, of the template's line.
  absl::Status Error(std::string_view message) const;
  absl::Status Unexpected(const TemplateToken& token, std::string_view context) const;
  // The text of a string token.
  absl::StatusOr<std::string> Unquote(const TemplateToken& token) const;

  // Into parentheses or a control structure; an error beyond the limit.
  absl::Status Deepen();
  void Rise() { --depth_; }

  ParsedTemplate& parsed;  // what has been read so far
  ParseScope scope;

 private:
  const TemplateLimits& limits_;
  const std::vector<TemplateToken> tokens_;
  size_t next_ = 0;
  int depth_ = 0;
};

}  // namespace sloburn::rules
