// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/parse_state.h"

#include <utility>

#include "absl/strings/match.h"
#include "base/str_cat.h"
#include "rules/alert_template/literals.h"

namespace sloburn::rules {
namespace {

using Kind = TemplateTokenKind;

}  // namespace

ParseState::ParseState(ParsedTemplate& a_parsed, const TemplateLimits& limits)
    : parsed(a_parsed), limits_(limits), tokens_(LexTemplate(a_parsed.text)) {
  scope.variables = {"$", "$labels", "$externalLabels", "$externalURL", "$value"};
}

const TemplateToken& ParseState::Next() {
  const TemplateToken& token = Peek();
  if (next_ + 1 < tokens_.size()) ++next_;
  return token;
}

const TemplateToken& ParseState::PeekNonSpace() {
  while (Peek().kind == Kind::kSpace) Next();
  return Peek();
}

const TemplateToken& ParseState::NextNonSpace() {
  PeekNonSpace();
  return Next();
}

absl::Status ParseState::Expect(Kind kind, std::string_view context) {
  const TemplateToken& token = NextNonSpace();
  return token.kind == kind ? absl::OkStatus() : Unexpected(token, context);
}

absl::Status ParseState::Error(std::string_view message) const {
  const int line = scope.fetched == 0 ? 0 : tokens_[scope.fetched - 1].line;
  return absl::InvalidArgumentError(StrCat("template: ", parsed.name, ":", line, ": ", message));
}

absl::Status ParseState::Unexpected(const TemplateToken& token, std::string_view context) const {
  if (token.kind != Kind::kError) {
    return Error(StrCat("unexpected ", Describe(token), " in ", context));
  }
  if (scope.action_line == 0 || scope.action_line == token.line) return Error(token.text);
  // Not "unclosed action in action".
  const char* const where = absl::EndsWith(token.text, " action") ? "" : " in action";
  return Error(StrCat(token.text, where, " started at ", parsed.name, ":", scope.action_line));
}

absl::StatusOr<std::string> ParseState::Unquote(const TemplateToken& token) const {
  absl::StatusOr<std::string> text = UnquoteGoString(token.text);
  return text.ok() ? std::move(text) : Error(std::string(text.status().message()));
}

absl::Status ParseState::Deepen() {
  if (depth_ >= limits_.max_nesting) return Error("max expression depth exceeded");
  ++depth_;
  return absl::OkStatus();
}

}  // namespace sloburn::rules
