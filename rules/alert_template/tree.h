// SPDX-License-Identifier: Apache-2.0
// The syntax tree of a template. Immutable once parsed.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sloburn::rules {

struct TemplateFunction;

enum class NodeKind : uint8_t {
  kText,
  kAction,
  kIf,
  kRange,
  kWith,
  kTemplate,
  kBreak,
  kContinue,
  kList,
  kPipe,
  kCommand,
  kIdentifier,
  kVariable,
  kField,
  kChain,
  kDot,
  kNil,
  kBool,
  kNumber,
  kString,
};

struct Node {
  Node(NodeKind a_kind, size_t a_pos) : kind(a_kind), pos(a_pos) {}
  virtual ~Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const NodeKind kind;
  const size_t pos;  // in bytes
};
using NodePtr = std::unique_ptr<Node>;

struct TextNode : Node {
  TextNode(size_t a_pos, std::string a_text)
      : Node(NodeKind::kText, a_pos), text(std::move(a_text)) {}
  std::string text;
};

struct ListNode : Node {
  explicit ListNode(size_t a_pos) : Node(NodeKind::kList, a_pos) {}
  std::vector<NodePtr> nodes;
};

// Operands.

struct IdentifierNode : Node {
  IdentifierNode(size_t a_pos, const TemplateFunction* a_function)
      : Node(NodeKind::kIdentifier, a_pos), function(a_function) {}
  const TemplateFunction* function;
};

struct VariableNode : Node {
  explicit VariableNode(size_t a_pos) : Node(NodeKind::kVariable, a_pos) {}
  std::string name;                 // with its dollar sign
  std::vector<std::string> fields;  // of its value
};

struct FieldNode : Node {
  explicit FieldNode(size_t a_pos) : Node(NodeKind::kField, a_pos) {}
  std::vector<std::string> fields;
};

struct ChainNode : Node {
  ChainNode(size_t a_pos, NodePtr a_base)
      : Node(NodeKind::kChain, a_pos), base(std::move(a_base)) {}
  NodePtr base;
  std::vector<std::string> fields;
};

struct BoolNode : Node {
  BoolNode(size_t a_pos, bool a_value) : Node(NodeKind::kBool, a_pos), value(a_value) {}
  bool value;
};

// A constant has every type that its value fits.
struct NumberNode : Node {
  explicit NumberNode(size_t a_pos) : Node(NodeKind::kNumber, a_pos) {}
  std::string text;
  std::optional<int64_t> as_int;
  std::optional<uint64_t> as_uint;
  std::optional<double> as_float;
  std::optional<std::complex<double>> as_complex;
};

struct StringNode : Node {
  explicit StringNode(size_t a_pos) : Node(NodeKind::kString, a_pos) {}
  std::string quoted, text;
};

struct CommandNode : Node {
  explicit CommandNode(size_t a_pos) : Node(NodeKind::kCommand, a_pos) {}
  std::vector<NodePtr> args;  // never empty
};

struct PipeNode : Node {
  explicit PipeNode(size_t a_pos) : Node(NodeKind::kPipe, a_pos) {}
  std::vector<std::unique_ptr<VariableNode>> variables;  // declared or assigned
  bool is_assignment = false;
  std::vector<std::unique_ptr<CommandNode>> commands;
};
using PipePtr = std::unique_ptr<PipeNode>;

// Actions.

struct ActionNode : Node {
  ActionNode(size_t a_pos, PipePtr a_pipe)
      : Node(NodeKind::kAction, a_pos), pipe(std::move(a_pipe)) {}
  PipePtr pipe;
};

struct BranchNode : Node {
  using Node::Node;  // kIf, kRange or kWith
  PipePtr pipe;
  std::unique_ptr<ListNode> list, else_list;  // the latter may be null
};

struct TemplateNode : Node {
  TemplateNode(size_t a_pos, std::string a_name, PipePtr a_pipe)
      : Node(NodeKind::kTemplate, a_pos), name(std::move(a_name)), pipe(std::move(a_pipe)) {}
  std::string name;
  PipePtr pipe;  // may be null
};

// The node as Go writes it in messages.
std::string TextOf(const Node& node);

}  // namespace sloburn::rules
