// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/pipeline_parser.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "rules/alert_template/functions.h"
#include "rules/alert_template/literals.h"

namespace sloburn::rules {
namespace {

using Kind = TemplateTokenKind;

}  // namespace

absl::StatusOr<PipePtr> PipelineParser::Read(std::string_view context, Kind end) {
  auto pipe = std::make_unique<PipeNode>(state_.PeekNonSpace().pos);
  RETURN_IF_ERROR(ReadDeclarations(context, *pipe));
  while (true) {
    const size_t here = state_.place();
    const TemplateToken& token = state_.NextNonSpace();
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
        state_.Restore(here);
        ASSIGN_OR_RETURN(auto command, ReadCommand());
        pipe->commands.push_back(std::move(command));
        break;
      }
      default:
        return state_.Unexpected(token, context);
    }
  }
  RETURN_IF_ERROR(CheckPipe(*pipe, context));
  return pipe;
}

absl::Status PipelineParser::ReadDeclarations(std::string_view context, PipeNode& pipe) {
  while (state_.PeekNonSpace().kind == Kind::kVariable) {
    const size_t here = state_.place();
    const TemplateToken& variable = state_.Next();
    const TemplateToken& next = state_.PeekNonSpace();
    const bool is_comma = next.kind == Kind::kChar && next.text == ",";
    if (next.kind != Kind::kAssign && next.kind != Kind::kDeclare && !is_comma) {
      state_.Restore(here);
      return absl::OkStatus();
    }
    if (!is_comma) pipe.is_assignment = next.kind == Kind::kAssign;
    state_.Next();
    pipe.variables.push_back(std::make_unique<VariableNode>(variable.pos));
    pipe.variables.back()->name = variable.text;
    state_.scope.variables.push_back(variable.text);
    if (!is_comma) return absl::OkStatus();
    if (context != "range" || pipe.variables.size() > 1) {
      return state_.Error(StrCat("too many declarations in ", context));
    }
    const Kind after = state_.PeekNonSpace().kind;
    if (after != Kind::kVariable && after != Kind::kRightDelim && after != Kind::kRightParen) {
      return state_.Error("range can only initialize variables");
    }
  }
  return absl::OkStatus();
}

absl::Status PipelineParser::CheckPipe(const PipeNode& pipe, std::string_view context) const {
  if (pipe.commands.empty()) return state_.Error(StrCat("missing value for ", context));
  for (size_t i = 1; i < pipe.commands.size(); ++i) {
    switch (pipe.commands[i]->args[0]->kind) {
      case NodeKind::kBool:
      case NodeKind::kDot:
      case NodeKind::kNil:
      case NodeKind::kNumber:
      case NodeKind::kString:
        return state_.Error(StrCat("non executable command in pipeline stage ", i + 1));
      default:
        break;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<CommandNode>> PipelineParser::ReadCommand() {
  auto command = std::make_unique<CommandNode>(state_.PeekNonSpace().pos);
  while (true) {
    state_.PeekNonSpace();
    ASSIGN_OR_RETURN(NodePtr operand, ReadOperand());
    if (operand != nullptr) command->args.push_back(std::move(operand));
    const size_t here = state_.place();
    const TemplateToken& token = state_.Next();
    if (token.kind == Kind::kSpace) continue;
    if (token.kind == Kind::kRightDelim || token.kind == Kind::kRightParen) {
      state_.Restore(here);
    } else if (token.kind != Kind::kPipe) {
      return state_.Unexpected(token, "operand");
    }
    break;
  }
  if (command->args.empty()) return state_.Error("empty command");
  return command;
}

absl::StatusOr<NodePtr> PipelineParser::ReadOperand() {
  ASSIGN_OR_RETURN(NodePtr term, ReadTerm());
  if (term == nullptr || state_.Peek().kind != Kind::kField) return term;
  const size_t pos = state_.Peek().pos;
  std::vector<std::string> fields;
  while (state_.Peek().kind == Kind::kField) fields.push_back(state_.Next().text.substr(1));
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
      return state_.Error(StrCat("unexpected . after term ", GoQuote(TextOf(*term))));
    default:
      break;
  }
  auto chain = std::make_unique<ChainNode>(pos, std::move(term));
  chain->fields = std::move(fields);
  return chain;
}

absl::StatusOr<NodePtr> PipelineParser::ReadTerm() {
  const size_t here = state_.place();
  const TemplateToken& token = state_.NextNonSpace();
  switch (token.kind) {
    case Kind::kIdentifier:
      return ReadIdentifier(token);
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
      RETURN_IF_ERROR(state_.Deepen());
      ASSIGN_OR_RETURN(NodePtr pipe, Read("parenthesized pipeline", Kind::kRightParen));
      state_.Rise();
      return pipe;
    }
    case Kind::kString:
    case Kind::kRawString: {
      auto node = std::make_unique<StringNode>(token.pos);
      node->quoted = token.text;
      ASSIGN_OR_RETURN(node->text, state_.Unquote(token));
      return node;
    }
    default:
      state_.Restore(here);
      return nullptr;
  }
}

absl::StatusOr<NodePtr> PipelineParser::ReadIdentifier(const TemplateToken& token) {
  const TemplateFunction* const function = FindFunction(token.text);
  if (function == nullptr) {
    return state_.Error(StrCat("function ", GoQuote(token.text), " not defined"));
  }
  state_.parsed.calls_query |= function->name == "query";
  return std::make_unique<IdentifierNode>(token.pos, function);
}

absl::StatusOr<NodePtr> PipelineParser::ReadNumber(const TemplateToken& token) {
  absl::StatusOr<std::unique_ptr<NumberNode>> number = ReadGoNumber(token);
  if (!number.ok()) return state_.Error(std::string(number.status().message()));
  return *std::move(number);
}

absl::StatusOr<NodePtr> PipelineParser::UseVariable(const TemplateToken& token) {
  const auto& known = state_.scope.variables;
  if (std::find(known.begin(), known.end(), token.text) == known.end()) {
    return state_.Error(StrCat("undefined variable ", GoQuote(token.text)));
  }
  auto node = std::make_unique<VariableNode>(token.pos);
  node->name = token.text;
  return node;
}

}  // namespace sloburn::rules
