// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/parser.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "rules/alert_template/lexer.h"
#include "rules/alert_template/parse_state.h"
#include "rules/alert_template/pipeline_parser.h"

namespace sloburn::rules {
namespace {

using Kind = TemplateTokenKind;

constexpr std::string_view kSpaceInText = " \t\n\v\f\r";

bool IsBlank(const Node& node) {
  if (node.kind == NodeKind::kList) {
    const auto& nodes = static_cast<const ListNode&>(node).nodes;
    return std::all_of(nodes.begin(), nodes.end(),
                       [](const NodePtr& one) { return IsBlank(*one); });
  }
  return node.kind == NodeKind::kText && static_cast<const TextNode&>(node).text.find_first_not_of(
                                             kSpaceInText) == std::string::npos;
}

// What ends a list of nodes.
enum class Ending { kEnd, kElse, kElseIf, kElseWith };

class Parser {
 public:
  Parser(ParsedTemplate& out, const TemplateLimits& limits)
      : state_(out, limits), pipelines_(state_) {}

  absl::Status Run() {
    state_.parsed.root = std::make_unique<ListNode>(0);
    while (state_.Peek().kind != Kind::kEnd) {
      if (state_.Peek().kind == Kind::kLeftDelim) {
        const size_t here = state_.place();
        state_.Next();
        if (state_.NextNonSpace().kind == Kind::kDefine) {
          RETURN_IF_ERROR(ReadDefinition());
          continue;
        }
        state_.Restore(here);
      }
      RETURN_IF_ERROR(ReadNode(*state_.parsed.root));
      if (ending_) return state_.Error(StrCat("unexpected ", TextOfEnding()));
    }
    // The preamble makes this template one that is never blank.
    return state_.parsed.defined.contains(state_.parsed.name) ? Add(state_.parsed.name, nullptr)
                                                              : absl::OkStatus();
  }

 private:
  // REQUIRES: ending_.
  std::string_view TextOfEnding() const {
    return *ending_ == Ending::kEnd ? "{{end}}" : "{{else}}";
  }

  // Declares or replaces; a template is defined twice only where one of both is blank. A null
  // `list` is one that is not blank.
  absl::Status Add(const std::string& name, std::unique_ptr<ListNode> list) {
    std::unique_ptr<ListNode>& known = state_.parsed.defined[name];
    if (known == nullptr || IsBlank(*known)) {
      known = std::move(list);
      if (known == nullptr) state_.parsed.defined.erase(name);
    } else if (list == nullptr || !IsBlank(*list)) {
      return state_.Error(StrCat("template: multiple definition of template ", GoQuote(name)));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> ReadName(std::string_view context) {
    const TemplateToken& token = state_.NextNonSpace();
    if (token.kind != Kind::kString && token.kind != Kind::kRawString) {
      return state_.Unexpected(token, context);
    }
    return state_.Unquote(token);
  }

  absl::Status ReadDefinition() {
    constexpr std::string_view kContext = "define clause";
    ParseScope inner{{"$"}};
    std::swap(state_.scope, inner);
    ASSIGN_OR_RETURN(const std::string name, ReadName(kContext));
    RETURN_IF_ERROR(state_.Expect(Kind::kRightDelim, kContext));
    ASSIGN_OR_RETURN(auto body, ReadList());
    if (ending_ != Ending::kEnd) {
      return state_.Error(StrCat("unexpected ", TextOfEnding(), " in ", kContext));
    }
    ending_.reset();
    RETURN_IF_ERROR(Add(name, std::move(body)));
    std::swap(state_.scope, inner);
    return absl::OkStatus();
  }

  absl::Status ReadBlock(ListNode& out) {
    constexpr std::string_view kContext = "block clause";
    RETURN_IF_ERROR(state_.Deepen());
    const size_t pos = state_.PeekNonSpace().pos;
    ASSIGN_OR_RETURN(const std::string name, ReadName(kContext));
    ASSIGN_OR_RETURN(PipePtr pipe, pipelines_.Read(kContext, Kind::kRightDelim));
    ParseScope inner{{"$"}};
    std::swap(state_.scope, inner);
    ASSIGN_OR_RETURN(auto body, ReadList());
    if (ending_ == Ending::kEnd) RETURN_IF_ERROR(Add(name, std::move(body)));
    std::swap(state_.scope, inner);
    if (ending_ != Ending::kEnd) {
      return state_.Error(StrCat("unexpected ", TextOfEnding(), " in ", kContext));
    }
    ending_.reset();
    state_.Rise();
    out.nodes.push_back(std::make_unique<TemplateNode>(pos, name, std::move(pipe)));
    return absl::OkStatus();
  }

  absl::Status ReadTemplate(ListNode& out) {
    constexpr std::string_view kContext = "template clause";
    const size_t pos = state_.PeekNonSpace().pos;
    ASSIGN_OR_RETURN(std::string name, ReadName(kContext));
    PipePtr pipe;
    if (state_.PeekNonSpace().kind == Kind::kRightDelim) {
      state_.Next();
    } else {
      ASSIGN_OR_RETURN(pipe, pipelines_.Read(kContext, Kind::kRightDelim));
    }
    out.nodes.push_back(std::make_unique<TemplateNode>(pos, std::move(name), std::move(pipe)));
    return absl::OkStatus();
  }

  // Up to {{end}} or {{else}}, which is then in ending_.
  absl::StatusOr<std::unique_ptr<ListNode>> ReadList() {
    auto list = std::make_unique<ListNode>(state_.PeekNonSpace().pos);
    while (state_.PeekNonSpace().kind != Kind::kEnd) {
      RETURN_IF_ERROR(ReadNode(*list));
      if (ending_) return list;
    }
    return state_.Error("unexpected EOF");
  }

  // One text or action is added to `out`; {{end}} and {{else}} go to ending_.
  absl::Status ReadNode(ListNode& out) {
    ending_.reset();
    const TemplateToken& token = state_.NextNonSpace();
    if (token.kind == Kind::kText) {
      out.nodes.push_back(std::make_unique<TextNode>(token.pos, token.text));
      return absl::OkStatus();
    }
    if (token.kind != Kind::kLeftDelim) return state_.Unexpected(token, "input");
    state_.scope.action_line = token.line;
    RETURN_IF_ERROR(ReadAction(out));
    state_.scope.action_line = 0;
    return absl::OkStatus();
  }

  absl::Status ReadAction(ListNode& out) {
    const size_t pos = state_.PeekNonSpace().pos;
    const size_t here = state_.place();
    switch (state_.Next().kind) {
      case Kind::kBlock:
        return ReadBlock(out);
      case Kind::kBreak:
        return ReadJump(NodeKind::kBreak, "{{break}}", pos, out);
      case Kind::kContinue:
        return ReadJump(NodeKind::kContinue, "{{continue}}", pos, out);
      case Kind::kElse:
        return ReadElse();
      case Kind::kEndWord:
        ending_ = Ending::kEnd;
        return state_.Expect(Kind::kRightDelim, "end");
      case Kind::kIf:
        return ReadBranch(NodeKind::kIf, "if", out);
      case Kind::kRange:
        return ReadBranch(NodeKind::kRange, "range", out);
      case Kind::kTemplate:
        return ReadTemplate(out);
      case Kind::kWith:
        return ReadBranch(NodeKind::kWith, "with", out);
      default:
        break;
    }
    state_.Restore(here);
    ASSIGN_OR_RETURN(PipePtr pipe, pipelines_.Read("command", Kind::kRightDelim));
    out.nodes.push_back(std::make_unique<ActionNode>(pos, std::move(pipe)));
    return absl::OkStatus();
  }

  absl::Status ReadJump(NodeKind kind, std::string_view text, size_t pos, ListNode& out) {
    RETURN_IF_ERROR(state_.Expect(Kind::kRightDelim, text));
    if (state_.scope.range_depth == 0) return state_.Error(StrCat(text, " outside {{range}}"));
    out.nodes.push_back(std::make_unique<Node>(kind, pos));
    return absl::OkStatus();
  }

  // {{else if}} and {{else with}} leave the second word to be read.
  absl::Status ReadElse() {
    const Kind next = state_.PeekNonSpace().kind;
    if (next == Kind::kIf || next == Kind::kWith) {
      ending_ = next == Kind::kIf ? Ending::kElseIf : Ending::kElseWith;
      return absl::OkStatus();
    }
    ending_ = Ending::kElse;
    return state_.Expect(Kind::kRightDelim, "else");
  }

  absl::Status ReadBranch(NodeKind kind, std::string_view word, ListNode& out) {
    RETURN_IF_ERROR(state_.Deepen());
    const size_t variables = state_.scope.variables.size();
    ASSIGN_OR_RETURN(PipePtr pipe, pipelines_.Read(word, Kind::kRightDelim));
    auto branch = std::make_unique<BranchNode>(kind, pipe->pos);
    branch->pipe = std::move(pipe);
    if (kind == NodeKind::kRange) ++state_.scope.range_depth;
    ASSIGN_OR_RETURN(branch->list, ReadList());
    if (kind == NodeKind::kRange) --state_.scope.range_depth;
    if (ending_ != Ending::kEnd) RETURN_IF_ERROR(ReadElseList(kind, word, *branch));
    ending_.reset();
    state_.scope.variables.resize(variables);
    state_.Rise();
    out.nodes.push_back(std::move(branch));
    return absl::OkStatus();
  }

  absl::Status ReadElseList(NodeKind kind, std::string_view word, BranchNode& branch) {
    const bool continues = (kind == NodeKind::kIf && ending_ == Ending::kElseIf) ||
                           (kind == NodeKind::kWith && ending_ == Ending::kElseWith);
    if (continues) {
      // One {{end}} ends the whole chain.
      branch.else_list = std::make_unique<ListNode>(state_.Peek().pos);
      state_.Next();
      return ReadBranch(kind, word, *branch.else_list);
    }
    ASSIGN_OR_RETURN(branch.else_list, ReadList());
    if (ending_ == Ending::kEnd) return absl::OkStatus();
    return state_.Error(StrCat("expected end; found ", TextOfEnding()));
  }

  ParseState state_;
  PipelineParser pipelines_;
  std::optional<Ending> ending_;  // of the list that was read last
};

}  // namespace

std::string ParsedTemplate::LocationOf(const Node& node) const {
  const std::string_view before = std::string_view(text).substr(0, node.pos);
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? kTemplatePreamble.size() + node.pos
                                                          : node.pos - newline - 1;
  return StrCat(name, ":", 1 + std::count(before.begin(), before.end(), '\n'), ":", column);
}

absl::StatusOr<ParsedTemplate> ParseTemplate(std::string_view name, std::string_view text,
                                             const TemplateLimits& limits) {
  if (text.size() > limits.max_text_bytes) {
    return absl::ResourceExhaustedError(StrCat("template: ", name, ":1: text is ", text.size(),
                                               " bytes long; at most ", limits.max_text_bytes,
                                               " are allowed"));
  }
  ParsedTemplate parsed;
  parsed.name = std::string(name);
  parsed.text = std::string(text);
  RETURN_IF_ERROR(Parser(parsed, limits).Run());
  return parsed;
}

}  // namespace sloburn::rules
