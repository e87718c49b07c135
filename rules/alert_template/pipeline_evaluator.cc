// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/pipeline_evaluator.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "rules/alert_template/fields.h"

namespace sloburn::rules {
namespace {

using Result = absl::StatusOr<Value>;

// A function's arguments cost a step per so many bytes or elements.
constexpr int64_t kBytesPerStep = 64;

ParamType TypeOfArg(const TemplateFunction& function, size_t index) {
  return function.params[std::min(index, function.params.size() - 1)];
}

// What the message of call names.
Value CalleeText(const std::vector<NodePtr>* args, size_t given, const Value* final) {
  if (given > 0) return Value::String(TextOf(*(*args)[1]));
  if (final->type() == GoType::kString) return *final;
  return Value::String(final->is_nil() ? "<invalid Value>"
                                       : StrCat("<", TypeName(*final), " Value>"));
}

}  // namespace

Result PipelineEvaluator::EvalPipe(const Value& dot, const PipeNode& pipe) {
  state_.at = &pipe;
  RETURN_IF_ERROR(state_.Deepen());
  Value value;
  const Value* final = nullptr;
  for (const auto& command : pipe.commands) {
    ASSIGN_OR_RETURN(Value next, EvalCommand(dot, *command, final));
    value = next.is_interface() ? next.Unwrapped() : std::move(next);
    final = &value;
  }
  for (const auto& variable : pipe.variables) {
    if (pipe.is_assignment) {
      RETURN_IF_ERROR(state_.Assign(variable->name, value));
    } else {
      state_.variables.push_back({variable->name, value});
    }
  }
  --state_.depth;
  return value;
}

absl::Status PipelineEvaluator::CheckNoArgs(const ArgNodes* args, const Value* final) const {
  if (final == nullptr && (args == nullptr || args->size() < 2)) return absl::OkStatus();
  return state_.Error(StrCat("can't give argument to non-function ", TextOf(*args->front())));
}

Result PipelineEvaluator::EvalCommand(const Value& dot, const CommandNode& command,
                                      const Value* final) {
  const Node& first = *command.args.front();
  switch (first.kind) {
    case NodeKind::kField:
      return EvalFieldNode(dot, static_cast<const FieldNode&>(first), &command.args, final);
    case NodeKind::kChain:
      return EvalChain(dot, static_cast<const ChainNode&>(first), &command.args, final);
    case NodeKind::kIdentifier:
      return EvalFunction(dot, static_cast<const IdentifierNode&>(first), command, &command.args,
                          final);
    case NodeKind::kPipe:
      RETURN_IF_ERROR(CheckNoArgs(&command.args, final));
      return EvalPipe(dot, static_cast<const PipeNode&>(first));
    case NodeKind::kVariable:
      return EvalVariable(dot, static_cast<const VariableNode&>(first), &command.args, final);
    default:
      break;
  }
  state_.at = &first;
  RETURN_IF_ERROR(CheckNoArgs(&command.args, final));
  if (first.kind == NodeKind::kNil) return state_.Error("nil is not a command");
  return EvalConstant(dot, first);
}

Result PipelineEvaluator::EvalConstant(const Value& dot, const Node& node) {
  switch (node.kind) {
    case NodeKind::kDot:
      return dot;
    case NodeKind::kBool:
      return Value::Bool(static_cast<const BoolNode&>(node).value);
    case NodeKind::kString:
      return Value::View(static_cast<const StringNode&>(node).text);
    default:
      return EvalNumber(static_cast<const NumberNode&>(node));
  }
}

// The form of a number tells its type where nothing else does.
Result PipelineEvaluator::EvalNumber(const NumberNode& node) {
  state_.at = &node;
  if (node.as_complex) return Value::Complex(*node.as_complex);
  const std::string& text = node.text;
  const bool is_hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
                      text.find_first_of("pP") == std::string::npos;
  const bool looks_float =
      !is_hex && text[0] != '\'' && text.find_first_of(".eEpP") != std::string::npos;
  if (node.as_float && looks_float) return Value::Float(*node.as_float);
  if (node.as_int) return Value::Int(*node.as_int);
  return state_.Error(text + " overflows int");
}

Result PipelineEvaluator::EvalFieldNode(const Value& dot, const FieldNode& field,
                                        const ArgNodes* args, const Value* final) {
  state_.at = &field;
  return EvalFields(dot, dot, field, field.fields, args, final);
}

Result PipelineEvaluator::EvalChain(const Value& dot, const ChainNode& chain, const ArgNodes* args,
                                    const Value* final) {
  state_.at = &chain;
  if (chain.base->kind == NodeKind::kNil) {
    return state_.Error("indirection through explicit nil in " + TextOf(chain));
  }
  ASSIGN_OR_RETURN(const Value base, EvalArg(dot, std::nullopt, *chain.base));
  return EvalFields(dot, base, chain, chain.fields, args, final);
}

Result PipelineEvaluator::EvalVariable(const Value& dot, const VariableNode& node,
                                       const ArgNodes* args, const Value* final) {
  state_.at = &node;
  const Value* const value = state_.Find(node.name);
  if (value == nullptr) return state_.Error("undefined variable: " + node.name);
  if (!node.fields.empty()) {
    return EvalFields(dot, Value(*value), node, node.fields, args, final);
  }
  RETURN_IF_ERROR(CheckNoArgs(args, final));
  return *value;
}

// Only the last of several fields may be a method with arguments.
Result PipelineEvaluator::EvalFields(const Value& dot, Value receiver, const Node& node,
                                     const std::vector<std::string>& fields, const ArgNodes* args,
                                     const Value* final) {
  for (size_t i = 0; i + 1 < fields.size(); ++i) {
    ASSIGN_OR_RETURN(receiver, EvalField(dot, fields[i], node, nullptr, nullptr, receiver));
  }
  return EvalField(dot, fields.back(), node, args, final, receiver);
}

Result PipelineEvaluator::EvalField(const Value& dot, std::string_view name, const Node& node,
                                    const ArgNodes* args, const Value* final,
                                    const Value& receiver) {
  if (receiver.is_nil()) {
    if (!receiver.is_interface()) return Value();
    return state_.Error(StrCat("nil pointer evaluating interface {}.", name));
  }
  const bool is_null = receiver.is_pointer() && receiver.is_null();
  if (is_null) {
    return state_.Error(StrCat("nil pointer evaluating ", TypeName(receiver), ".", name));
  }
  if (const TemplateFunction* const method = FindMethod(receiver, name)) {
    return Call(dot, *method, &receiver, node, args, final);
  }
  const bool has_args = final != nullptr || (args != nullptr && args->size() > 1);
  if (HiddenFieldOf(receiver, name)) {
    return state_.Error(
        StrCat(name, " is an unexported field of struct type ", TypeName(receiver)));
  }
  std::optional<Value> field = FieldOf(receiver, name);
  if (!field) {
    return state_.Error(StrCat("can't evaluate field ", name, " in type ", TypeName(receiver)));
  }
  if (!has_args) return *std::move(field);
  const GoType type = receiver.type();
  return state_.Error(StrCat(name, type == GoType::kStringMap || type == GoType::kMap
                                       ? " is not a method but has arguments"
                                       : " has arguments but cannot be invoked as function"));
}

Result PipelineEvaluator::EvalFunction(const Value& dot, const IdentifierNode& node,
                                       const Node& command, const ArgNodes* args,
                                       const Value* final) {
  state_.at = &node;
  return Call(dot, *node.function, nullptr, command, args, final);
}

absl::Status PipelineEvaluator::CheckArity(const TemplateFunction& function, size_t given,
                                           bool has_final) const {
  const size_t total = given + (has_final ? 1 : 0);
  if (function.is_variadic) {
    const size_t fixed = function.params.size() - 1;
    if (total >= fixed) return absl::OkStatus();
    return state_.Error(StrCat("wrong number of args for ", function.name, ": want at least ",
                               fixed, " got ", given));
  }
  if (total == function.params.size()) return absl::OkStatus();
  return state_.Error(StrCat("wrong number of args for ", function.name, ": want ",
                             function.params.size(), " got ", total));
}

Result PipelineEvaluator::Call(const Value& dot, const TemplateFunction& function,
                               const Value* receiver, const Node& node, const ArgNodes* args,
                               const Value* final) {
  const size_t given = args == nullptr || args->empty() ? 0 : args->size() - 1;
  RETURN_IF_ERROR(CheckArity(function, given, final != nullptr));
  if (!function.bad_signature.empty()) return state_.Error(function.bad_signature);
  if (function.special == TemplateFunction::Special::kAnd ||
      function.special == TemplateFunction::Special::kOr) {
    return EvalAndOr(dot, function, *args, final);
  }
  absl::InlinedVector<Value, 4> values;
  if (receiver != nullptr) values.push_back(receiver->Unwrapped());
  if (function.special == TemplateFunction::Special::kCall) {
    values.push_back(CalleeText(args, given, final));
  }
  for (size_t i = 0; i < given; ++i) {
    ASSIGN_OR_RETURN(Value value, EvalArg(dot, TypeOfArg(function, i), *(*args)[i + 1]));
    values.push_back(std::move(value));
  }
  if (final != nullptr) {
    ASSIGN_OR_RETURN(Value value, Validate(*final, TypeOfArg(function, given)));
    values.push_back(std::move(value));
  }
  RETURN_IF_ERROR(ChargeFor({values.data(), values.size()}));
  Result result = function.handler(context_, {values.data(), values.size()});
  if (result.ok() || absl::IsCancelled(result.status())) return result;
  state_.at = &node;
  return state_.Located(result.status().code(), StrCat("error calling ", function.name, ": ",
                                                       std::string(result.status().message())));
}

absl::Status PipelineEvaluator::ChargeFor(std::span<const Value> values) {
  int64_t size = 0;
  for (const Value& value : values) {
    const GoKind kind = KindOf(value.Unwrapped());
    if (kind == GoKind::kString || kind == GoKind::kSlice || kind == GoKind::kMap) {
      size += LengthOf(value.Unwrapped());
    }
  }
  return state_.Charge(1 + size / kBytesPerStep);
}

// They stop at the first argument that decides.
Result PipelineEvaluator::EvalAndOr(const Value& dot, const TemplateFunction& function,
                                    const ArgNodes& args, const Value* final) {
  const bool decides = function.special == TemplateFunction::Special::kOr;
  Value value;
  for (size_t i = 1; i < args.size(); ++i) {
    ASSIGN_OR_RETURN(value, EvalArg(dot, ParamType::kReflect, *args[i]));
    if (IsTrue(value) == decides) return value;
  }
  return final == nullptr ? value : *final;
}

Result PipelineEvaluator::Validate(const Value& given, std::optional<ParamType> type) {
  if (!type) return given;
  if (given.is_nil() && !given.is_interface()) {
    if (std::optional<Value> nil = NilOf(*type)) return *std::move(nil);
    return state_.Error(StrCat("invalid value; expected ", NameOf(*type)));
  }
  if (TakesAnything(*type) || Fits(given, *type)) return given;
  const Value value = given.is_nil() ? given : given.Unwrapped();
  if (Fits(value, *type)) return value;
  if (value.is_pointer() && Fits(value.Pointee(), *type)) return value.Pointee();
  return state_.Error(
      StrCat("wrong type for value; expected ", NameOf(*type), "; got ", TypeName(value)));
}

Result PipelineEvaluator::EvalArg(const Value& dot, std::optional<ParamType> type,
                                  const Node& node) {
  state_.at = &node;
  Result value = Value();
  switch (node.kind) {
    case NodeKind::kDot:
      return Validate(dot, type);
    case NodeKind::kNil:
      return EvalNil(*type);
    case NodeKind::kField:
      value = EvalFieldNode(dot, static_cast<const FieldNode&>(node), nullptr, nullptr);
      break;
    case NodeKind::kVariable:
      value = EvalVariable(dot, static_cast<const VariableNode&>(node), nullptr, nullptr);
      break;
    case NodeKind::kPipe:
      value = EvalPipe(dot, static_cast<const PipeNode&>(node));
      break;
    case NodeKind::kIdentifier:
      value = EvalFunction(dot, static_cast<const IdentifierNode&>(node), node, nullptr, nullptr);
      break;
    case NodeKind::kChain:
      value = EvalChain(dot, static_cast<const ChainNode&>(node), nullptr, nullptr);
      break;
    default:
      return EvalConstantAs(dot, *type, node);
  }
  RETURN_IF_ERROR(value.status());
  return Validate(*value, type);
}

Result PipelineEvaluator::EvalNil(ParamType type) {
  if (std::optional<Value> nil = NilOf(type)) return *std::move(nil);
  return state_.Error(StrCat("cannot assign nil to ", NameOf(type)));
}

Result PipelineEvaluator::EvalConstantAs(const Value& dot, ParamType type, const Node& node) {
  switch (type) {
    case ParamType::kAny:
    case ParamType::kReflect:
      return EvalConstant(dot, node);
    case ParamType::kString:
      if (node.kind == NodeKind::kString) return EvalConstant(dot, node);
      return state_.Error("expected string; found " + TextOf(node));
    case ParamType::kInt:
    case ParamType::kDuration: {
      const auto* number =
          node.kind == NodeKind::kNumber ? static_cast<const NumberNode*>(&node) : nullptr;
      if (number == nullptr || !number->as_int) {
        return state_.Error("expected integer; found " + TextOf(node));
      }
      return Value::Int(*number->as_int,
                        type == ParamType::kInt ? GoType::kInt : GoType::kDuration);
    }
    default:
      return state_.Error(StrCat("can't handle ", TextOf(node), " for arg of type ", NameOf(type)));
  }
}

}  // namespace sloburn::rules
