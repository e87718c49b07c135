// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/parser.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "rules/alert_template/functions.h"
#include "rules/alert_template/lexer.h"
#include "rules/alert_template/literals.h"

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

// What a {{define}} or {{block}} has of its own.
struct Scope {
  std::vector<std::string> variables;
  size_t fetched = 0;   // tokens seen so far: errors name the line of the last one
  int action_line = 0;  // where the action began that is being read; 0: none
  int range_depth = 0;
};

// What ends a list of nodes.
enum class Ending { kEnd, kElse, kElseIf, kElseWith };

class Parser {
 public:
  Parser(ParsedTemplate& out, const TemplateLimits& limits)
      : out_(out), limits_(limits), tokens_(LexTemplate(out.text)) {
    scope_.variables = {"$", "$labels", "$externalLabels", "$externalURL", "$value"};
  }

  absl::Status Run() {
    out_.root = std::make_unique<ListNode>(0);
    while (Peek().kind != Kind::kEnd) {
      if (Peek().kind == Kind::kLeftDelim) {
        const size_t here = next_;
        Next();
        if (NextNonSpace().kind == Kind::kDefine) {
          RETURN_IF_ERROR(ReadDefinition());
          continue;
        }
        next_ = here;
      }
      RETURN_IF_ERROR(ReadNode(*out_.root));
      if (ending_) return Error(StrCat("unexpected ", TextOfEnding()));
    }
    // The preamble makes this template one that is never blank.
    return out_.defined.contains(out_.name) ? Add(out_.name, nullptr) : absl::OkStatus();
  }

 private:
  const TemplateToken& Peek() {
    scope_.fetched = std::max(scope_.fetched, next_ + 1);
    return tokens_[next_];
  }
  const TemplateToken& Next() {
    const TemplateToken& token = Peek();
    // Nothing is read beyond an error or the end.
    if (next_ + 1 < tokens_.size()) ++next_;
    return token;
  }
  const TemplateToken& PeekNonSpace() {
    while (Peek().kind == Kind::kSpace) Next();
    return Peek();
  }
  const TemplateToken& NextNonSpace() {
    PeekNonSpace();
    return Next();
  }
  void Restore(size_t place) { next_ = place; }

  absl::Status Error(std::string_view message) const {
    const int line = scope_.fetched == 0 ? 0 : tokens_[scope_.fetched - 1].line;
    return absl::InvalidArgumentError(StrCat("template: ", out_.name, ":", line, ": ", message));
  }
  absl::Status Unexpected(const TemplateToken& token, std::string_view context) const {
    if (token.kind != Kind::kError) {
      return Error(StrCat("unexpected ", Describe(token), " in ", context));
    }
    if (scope_.action_line == 0 || scope_.action_line == token.line) return Error(token.text);
    // Not "unclosed action in action".
    const char* const where = absl::EndsWith(token.text, " action") ? "" : " in action";
    return Error(StrCat(token.text, where, " started at ", out_.name, ":", scope_.action_line));
  }
  absl::Status Expect(Kind kind, std::string_view context) {
    const TemplateToken& token = NextNonSpace();
    return token.kind == kind ? absl::OkStatus() : Unexpected(token, context);
  }

  absl::Status Deepen() {
    if (depth_ >= limits_.max_nesting) return Error("max expression depth exceeded");
    ++depth_;
    return absl::OkStatus();
  }

  // REQUIRES: ending_.
  std::string_view TextOfEnding() const {
    return *ending_ == Ending::kEnd ? "{{end}}" : "{{else}}";
  }

  // Declares or replaces; a template is defined twice only where one of both is blank. A null
  // `list` is one that is not blank.
  absl::Status Add(const std::string& name, std::unique_ptr<ListNode> list) {
    std::unique_ptr<ListNode>& known = out_.defined[name];
    if (known == nullptr || IsBlank(*known)) {
      known = std::move(list);
      if (known == nullptr) out_.defined.erase(name);
    } else if (list == nullptr || !IsBlank(*list)) {
      return Error(StrCat("template: multiple definition of template ", GoQuote(name)));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Unquote(const TemplateToken& token) {
    absl::StatusOr<std::string> text = UnquoteGoString(token.text);
    return text.ok() ? std::move(text) : Error(std::string(text.status().message()));
  }

  absl::StatusOr<std::string> ReadName(std::string_view context) {
    const TemplateToken& token = NextNonSpace();
    if (token.kind != Kind::kString && token.kind != Kind::kRawString) {
      return Unexpected(token, context);
    }
    return Unquote(token);
  }

  absl::Status ReadDefinition() {
    constexpr std::string_view kContext = "define clause";
    Scope inner{{"$"}};
    std::swap(scope_, inner);
    ASSIGN_OR_RETURN(const std::string name, ReadName(kContext));
    RETURN_IF_ERROR(Expect(Kind::kRightDelim, kContext));
    ASSIGN_OR_RETURN(auto body, ReadList());
    if (ending_ != Ending::kEnd) {
      return Error(StrCat("unexpected ", TextOfEnding(), " in ", kContext));
    }
    ending_.reset();
    RETURN_IF_ERROR(Add(name, std::move(body)));
    std::swap(scope_, inner);
    return absl::OkStatus();
  }

  absl::Status ReadBlock(ListNode& out) {
    constexpr std::string_view kContext = "block clause";
    RETURN_IF_ERROR(Deepen());
    const size_t pos = PeekNonSpace().pos;
    ASSIGN_OR_RETURN(const std::string name, ReadName(kContext));
    ASSIGN_OR_RETURN(PipePtr pipe, ReadPipe(kContext, Kind::kRightDelim));
    Scope inner{{"$"}};
    std::swap(scope_, inner);
    ASSIGN_OR_RETURN(auto body, ReadList());
    if (ending_ == Ending::kEnd) RETURN_IF_ERROR(Add(name, std::move(body)));
    std::swap(scope_, inner);
    if (ending_ != Ending::kEnd) {
      return Error(StrCat("unexpected ", TextOfEnding(), " in ", kContext));
    }
    ending_.reset();
    --depth_;
    out.nodes.push_back(std::make_unique<TemplateNode>(pos, name, std::move(pipe)));
    return absl::OkStatus();
  }

  absl::Status ReadTemplate(ListNode& out) {
    constexpr std::string_view kContext = "template clause";
    const size_t pos = PeekNonSpace().pos;
    ASSIGN_OR_RETURN(std::string name, ReadName(kContext));
    PipePtr pipe;
    if (PeekNonSpace().kind == Kind::kRightDelim) {
      Next();
    } else {
      ASSIGN_OR_RETURN(pipe, ReadPipe(kContext, Kind::kRightDelim));
    }
    out.nodes.push_back(std::make_unique<TemplateNode>(pos, std::move(name), std::move(pipe)));
    return absl::OkStatus();
  }

  // Up to {{end}} or {{else}}, which is then in ending_.
  absl::StatusOr<std::unique_ptr<ListNode>> ReadList() {
    auto list = std::make_unique<ListNode>(PeekNonSpace().pos);
    while (PeekNonSpace().kind != Kind::kEnd) {
      RETURN_IF_ERROR(ReadNode(*list));
      if (ending_) return list;
    }
    return Error("unexpected EOF");
  }

  // One text or action is added to `out`; {{end}} and {{else}} go to ending_.
  absl::Status ReadNode(ListNode& out) {
    ending_.reset();
    const TemplateToken& token = NextNonSpace();
    if (token.kind == Kind::kText) {
      out.nodes.push_back(std::make_unique<TextNode>(token.pos, token.text));
      return absl::OkStatus();
    }
    if (token.kind != Kind::kLeftDelim) return Unexpected(token, "input");
    scope_.action_line = token.line;
    RETURN_IF_ERROR(ReadAction(out));
    scope_.action_line = 0;
    return absl::OkStatus();
  }

  absl::Status ReadAction(ListNode& out) {
    const size_t pos = PeekNonSpace().pos;
    const size_t here = next_;
    switch (Next().kind) {
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
        return Expect(Kind::kRightDelim, "end");
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
    Restore(here);
    ASSIGN_OR_RETURN(PipePtr pipe, ReadPipe("command", Kind::kRightDelim));
    out.nodes.push_back(std::make_unique<ActionNode>(pos, std::move(pipe)));
    return absl::OkStatus();
  }

  absl::Status ReadJump(NodeKind kind, std::string_view text, size_t pos, ListNode& out) {
    RETURN_IF_ERROR(Expect(Kind::kRightDelim, text));
    if (scope_.range_depth == 0) return Error(StrCat(text, " outside {{range}}"));
    out.nodes.push_back(std::make_unique<Node>(kind, pos));
    return absl::OkStatus();
  }

  // {{else if}} and {{else with}} leave the second word to be read.
  absl::Status ReadElse() {
    const Kind next = PeekNonSpace().kind;
    if (next == Kind::kIf || next == Kind::kWith) {
      ending_ = next == Kind::kIf ? Ending::kElseIf : Ending::kElseWith;
      return absl::OkStatus();
    }
    ending_ = Ending::kElse;
    return Expect(Kind::kRightDelim, "else");
  }

  absl::Status ReadBranch(NodeKind kind, std::string_view word, ListNode& out) {
    RETURN_IF_ERROR(Deepen());
    const size_t variables = scope_.variables.size();
    ASSIGN_OR_RETURN(PipePtr pipe, ReadPipe(word, Kind::kRightDelim));
    auto branch = std::make_unique<BranchNode>(kind, pipe->pos);
    branch->pipe = std::move(pipe);
    if (kind == NodeKind::kRange) ++scope_.range_depth;
    ASSIGN_OR_RETURN(branch->list, ReadList());
    if (kind == NodeKind::kRange) --scope_.range_depth;
    if (ending_ != Ending::kEnd) RETURN_IF_ERROR(ReadElseList(kind, word, *branch));
    ending_.reset();
    scope_.variables.resize(variables);
    --depth_;
    out.nodes.push_back(std::move(branch));
    return absl::OkStatus();
  }

  absl::Status ReadElseList(NodeKind kind, std::string_view word, BranchNode& branch) {
    const bool continues = (kind == NodeKind::kIf && ending_ == Ending::kElseIf) ||
                           (kind == NodeKind::kWith && ending_ == Ending::kElseWith);
    if (continues) {
      // One {{end}} ends the whole chain.
      branch.else_list = std::make_unique<ListNode>(Peek().pos);
      Next();
      return ReadBranch(kind, word, *branch.else_list);
    }
    ASSIGN_OR_RETURN(branch.else_list, ReadList());
    if (ending_ == Ending::kEnd) return absl::OkStatus();
    return Error(StrCat("expected end; found ", TextOfEnding()));
  }

  absl::StatusOr<PipePtr> ReadPipe(std::string_view context, Kind end) {
    auto pipe = std::make_unique<PipeNode>(PeekNonSpace().pos);
    RETURN_IF_ERROR(ReadDeclarations(context, *pipe));
    while (true) {
      const size_t here = next_;
      const TemplateToken& token = NextNonSpace();
      if (token.kind == end) break;
      switch (token.kind) {
        case Kind::kBool:
        case Kind::kCharConstant:
        case Kind::kComplex:
        case Kind::kDot:
        case Kind::kField:
        case Kind::kIdentifier:
        case Kind::kNumber:
        case Kind::kNil:
        case Kind::kRawString:
        case Kind::kString:
        case Kind::kVariable:
        case Kind::kLeftParen: {
          Restore(here);
          ASSIGN_OR_RETURN(auto command, ReadCommand());
          pipe->commands.push_back(std::move(command));
          break;
        }
        default:
          return Unexpected(token, context);
      }
    }
    RETURN_IF_ERROR(CheckPipe(*pipe, context));
    return pipe;
  }

  // "$x :=", "$x =", and for range also "$i, $x :=".
  absl::Status ReadDeclarations(std::string_view context, PipeNode& pipe) {
    while (PeekNonSpace().kind == Kind::kVariable) {
      const size_t here = next_;
      const TemplateToken& variable = Next();
      const TemplateToken& next = PeekNonSpace();
      const bool is_comma = next.kind == Kind::kChar && next.text == ",";
      if (next.kind != Kind::kAssign && next.kind != Kind::kDeclare && !is_comma) {
        Restore(here);
        return absl::OkStatus();
      }
      if (!is_comma) pipe.is_assignment = next.kind == Kind::kAssign;
      Next();
      pipe.variables.push_back(std::make_unique<VariableNode>(variable.pos));
      pipe.variables.back()->name = variable.text;
      scope_.variables.push_back(variable.text);
      if (!is_comma) return absl::OkStatus();
      if (context != "range" || pipe.variables.size() > 1) {
        return Error(StrCat("too many declarations in ", context));
      }
      const Kind after = PeekNonSpace().kind;
      if (after != Kind::kVariable && after != Kind::kRightDelim && after != Kind::kRightParen) {
        return Error("range can only initialize variables");
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckPipe(const PipeNode& pipe, std::string_view context) const {
    if (pipe.commands.empty()) return Error(StrCat("missing value for ", context));
    for (size_t i = 1; i < pipe.commands.size(); ++i) {
      switch (pipe.commands[i]->args[0]->kind) {
        case NodeKind::kBool:
        case NodeKind::kDot:
        case NodeKind::kNil:
        case NodeKind::kNumber:
        case NodeKind::kString:
          return Error(StrCat("non executable command in pipeline stage ", i + 1));
        default:
          break;
      }
    }
    return absl::OkStatus();
  }

  // Operands up to a pipe or to the end of the pipeline, which is left.
  absl::StatusOr<std::unique_ptr<CommandNode>> ReadCommand() {
    auto command = std::make_unique<CommandNode>(PeekNonSpace().pos);
    while (true) {
      PeekNonSpace();
      ASSIGN_OR_RETURN(NodePtr operand, ReadOperand());
      if (operand != nullptr) command->args.push_back(std::move(operand));
      const size_t here = next_;
      const TemplateToken& token = Next();
      if (token.kind == Kind::kSpace) continue;
      if (token.kind == Kind::kRightDelim || token.kind == Kind::kRightParen) {
        Restore(here);
      } else if (token.kind != Kind::kPipe) {
        return Unexpected(token, "operand");
      }
      break;
    }
    if (command->args.empty()) return Error("empty command");
    return command;
  }

  // A term and the fields after it; null where there is none.
  absl::StatusOr<NodePtr> ReadOperand() {
    ASSIGN_OR_RETURN(NodePtr term, ReadTerm());
    if (term == nullptr || Peek().kind != Kind::kField) return term;
    const size_t pos = Peek().pos;
    std::vector<std::string> fields;
    while (Peek().kind == Kind::kField) fields.push_back(Next().text.substr(1));
    switch (term->kind) {
      case NodeKind::kField: {
        auto node = std::make_unique<FieldNode>(pos);
        node->fields = std::move(static_cast<FieldNode&>(*term).fields);
        node->fields.insert(node->fields.end(), fields.begin(), fields.end());
        return node;
      }
      case NodeKind::kVariable: {
        auto node = std::make_unique<VariableNode>(pos);
        node->name = std::move(static_cast<VariableNode&>(*term).name);
        node->fields = std::move(fields);
        return node;
      }
      case NodeKind::kBool:
      case NodeKind::kString:
      case NodeKind::kNumber:
      case NodeKind::kNil:
      case NodeKind::kDot:
        return Error(StrCat("unexpected . after term ", GoQuote(TextOf(*term))));
      default:
        break;
    }
    auto chain = std::make_unique<ChainNode>(pos, std::move(term));
    chain->fields = std::move(fields);
    return chain;
  }

  absl::StatusOr<NodePtr> ReadTerm() {
    const size_t here = next_;
    const TemplateToken& token = NextNonSpace();
    switch (token.kind) {
      case Kind::kIdentifier: {
        const TemplateFunction* const function = FindFunction(token.text);
        if (function == nullptr) {
          return Error(StrCat("function ", GoQuote(token.text), " not defined"));
        }
        out_.calls_query |= function->name == "query";
        return std::make_unique<IdentifierNode>(token.pos, function);
      }
      case Kind::kDot:
        return std::make_unique<Node>(NodeKind::kDot, token.pos);
      case Kind::kNil:
        return std::make_unique<Node>(NodeKind::kNil, token.pos);
      case Kind::kVariable:
        return UseVariable(token);
      case Kind::kField: {
        auto node = std::make_unique<FieldNode>(token.pos);
        node->fields.push_back(token.text.substr(1));
        return node;
      }
      case Kind::kBool:
        return std::make_unique<BoolNode>(token.pos, token.text == "true");
      case Kind::kCharConstant:
      case Kind::kComplex:
      case Kind::kNumber:
        return ReadNumber(token);
      case Kind::kLeftParen: {
        RETURN_IF_ERROR(Deepen());
        ASSIGN_OR_RETURN(NodePtr pipe, ReadPipe("parenthesized pipeline", Kind::kRightParen));
        --depth_;
        return pipe;
      }
      case Kind::kString:
      case Kind::kRawString: {
        auto node = std::make_unique<StringNode>(token.pos);
        node->quoted = token.text;
        ASSIGN_OR_RETURN(node->text, Unquote(token));
        return node;
      }
      default:
        Restore(here);
        return nullptr;
    }
  }

  absl::StatusOr<NodePtr> ReadNumber(const TemplateToken& token) {
    absl::StatusOr<std::unique_ptr<NumberNode>> number = ReadGoNumber(token);
    if (!number.ok()) return Error(std::string(number.status().message()));
    return *std::move(number);
  }

  absl::StatusOr<NodePtr> UseVariable(const TemplateToken& token) {
    const auto& known = scope_.variables;
    if (std::find(known.begin(), known.end(), token.text) == known.end()) {
      return Error(StrCat("undefined variable ", GoQuote(token.text)));
    }
    auto node = std::make_unique<VariableNode>(token.pos);
    node->name = token.text;
    return node;
  }

  ParsedTemplate& out_;
  const TemplateLimits& limits_;
  const std::vector<TemplateToken> tokens_;
  size_t next_ = 0;
  Scope scope_;
  std::optional<Ending> ending_;  // of the list that was read last
  int depth_ = 0;
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
