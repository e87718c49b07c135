// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/tree.h"

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "rules/alert_template/functions.h"

namespace sloburn::rules {
namespace {

void Write(const Node& node, std::string& out);

// An operand: a pipe stands in parentheses.
void WriteOperand(const Node& node, std::string& out) {
  if (node.kind != NodeKind::kPipe) return Write(node, out);
  out += '(';
  Write(node, out);
  out += ')';
}

void WriteFields(const std::vector<std::string>& fields, std::string& out) {
  for (const std::string& field : fields) absl::StrAppend(&out, ".", field);
}

void WritePipe(const PipeNode& pipe, std::string& out) {
  const char* separator = "";
  for (const auto& variable : pipe.variables) {
    out += separator;
    Write(*variable, out);
    separator = ", ";
  }
  if (!pipe.variables.empty()) out += pipe.is_assignment ? " = " : " := ";
  separator = "";
  for (const auto& command : pipe.commands) {
    out += separator;
    Write(*command, out);
    separator = " | ";
  }
}

void WriteBranch(const BranchNode& branch, std::string_view word, std::string& out) {
  out += "{{";
  out += word;
  out += ' ';
  Write(*branch.pipe, out);
  out += "}}";
  Write(*branch.list, out);
  if (branch.else_list != nullptr) {
    out += "{{else}}";
    Write(*branch.else_list, out);
  }
  out += "{{end}}";
}

void WriteTemplate(const TemplateNode& node, std::string& out) {
  absl::StrAppend(&out, "{{template ", GoQuote(node.name));
  if (node.pipe != nullptr) {
    out += ' ';
    Write(*node.pipe, out);
  }
  out += "}}";
}

void WriteCommand(const CommandNode& command, std::string& out) {
  const char* separator = "";
  for (const NodePtr& arg : command.args) {
    out += separator;
    WriteOperand(*arg, out);
    separator = " ";
  }
}

void Write(const Node& node, std::string& out) {
  switch (node.kind) {
    case NodeKind::kText:
      out += static_cast<const TextNode&>(node).text;
      return;
    case NodeKind::kAction:
      out += "{{";
      Write(*static_cast<const ActionNode&>(node).pipe, out);
      out += "}}";
      return;
    case NodeKind::kIf:
      return WriteBranch(static_cast<const BranchNode&>(node), "if", out);
    case NodeKind::kRange:
      return WriteBranch(static_cast<const BranchNode&>(node), "range", out);
    case NodeKind::kWith:
      return WriteBranch(static_cast<const BranchNode&>(node), "with", out);
    case NodeKind::kTemplate:
      return WriteTemplate(static_cast<const TemplateNode&>(node), out);
    case NodeKind::kBreak:
      out += "{{break}}";
      return;
    case NodeKind::kContinue:
      out += "{{continue}}";
      return;
    case NodeKind::kList:
      for (const NodePtr& one : static_cast<const ListNode&>(node).nodes) Write(*one, out);
      return;
    case NodeKind::kPipe:
      return WritePipe(static_cast<const PipeNode&>(node), out);
    case NodeKind::kCommand:
      return WriteCommand(static_cast<const CommandNode&>(node), out);
    case NodeKind::kIdentifier:
      out += static_cast<const IdentifierNode&>(node).function->name;
      return;
    case NodeKind::kVariable:
      out += static_cast<const VariableNode&>(node).name;
      return WriteFields(static_cast<const VariableNode&>(node).fields, out);
    case NodeKind::kField:
      return WriteFields(static_cast<const FieldNode&>(node).fields, out);
    case NodeKind::kChain:
      WriteOperand(*static_cast<const ChainNode&>(node).base, out);
      return WriteFields(static_cast<const ChainNode&>(node).fields, out);
    case NodeKind::kDot:
      out += '.';
      return;
    case NodeKind::kNil:
      out += "nil";
      return;
    case NodeKind::kBool:
      out += static_cast<const BoolNode&>(node).value ? "true" : "false";
      return;
    case NodeKind::kNumber:
      out += static_cast<const NumberNode&>(node).text;
      return;
    case NodeKind::kString:
      out += static_cast<const StringNode&>(node).quoted;
      return;
  }
}

}  // namespace

std::string TextOf(const Node& node) {
  std::string out;
  Write(node, out);
  return out;
}

}  // namespace sloburn::rules
