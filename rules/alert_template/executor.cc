// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/executor.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "rules/alert_template/fields.h"
#include "rules/alert_template/functions.h"
#include "rules/alert_template/go_print.h"
#include "rules/alert_template/param_type.h"

namespace sloburn::rules {
namespace {

using Result = absl::StatusOr<Value>;
using ArgNodes = std::vector<NodePtr>;  // of a command; the first is what is called

// Of nodes in nodes, over all templates: bounds the stack.
constexpr int kMaxDepth = 500;
// A function's arguments cost a step per so many bytes or elements.
constexpr int64_t kBytesPerStep = 64;

enum class Flow { kNext, kBreak, kContinue };

struct Variable {
  std::string_view name;
  Value value;
};

class Executor {
 public:
  Executor(const ParsedTemplate& parsed, const TemplateData& data,
           const TemplateEnvironment& environment)
      : parsed_(parsed), limits_(environment.limits), context_{environment}, name_(parsed.name) {
    const auto shared = [](const Labels& labels) {
      return Value::StringMap(std::shared_ptr<const Labels>(std::shared_ptr<void>(), &labels));
    };
    root_ = Value::Data(&data);
    variables_ = {{"$", root_},
                  {"$labels", shared(data.labels)},
                  {"$externalLabels", shared(data.external_labels)},
                  {"$externalURL", Value::View(data.external_url)},
                  {"$value", data.value}};
  }

  absl::StatusOr<std::string> Run() {
    RETURN_IF_ERROR(Walk(root_, *parsed_.root));
    return std::move(out_);
  }

 private:
  absl::Status Located(absl::StatusCode code, std::string_view message) const {
    return absl::Status(code, StrCat("template: ", parsed_.LocationOf(*at_), ": executing ",
                                     GoQuote(name_), " at <", TextOf(*at_), ">: ", message));
  }
  absl::Status Error(std::string_view message) const {
    return Located(absl::StatusCode::kInvalidArgument, message);
  }
  absl::Status Exhausted(std::string_view message) const {
    return Located(absl::StatusCode::kResourceExhausted, message);
  }

  absl::Status Charge(int64_t steps) {
    steps_ += steps;
    if (steps_ <= limits_.max_steps) return absl::OkStatus();
    return Exhausted(StrCat("more than ", limits_.max_steps, " steps"));
  }
  absl::Status Deepen() {
    if (depth_ >= kMaxDepth)
      return Exhausted(StrCat("exceeded maximum nesting depth (", kMaxDepth, ")"));
    ++depth_;
    return Charge(1);
  }

  absl::Status Write(std::string_view text) {
    if (out_.size() + text.size() > limits_.max_output_bytes) {
      return Exhausted(
          StrCat("output is longer than the limit of ", limits_.max_output_bytes, " bytes"));
    }
    out_ += text;
    return absl::OkStatus();
  }

  // Nodes.

  absl::Status Walk(const Value& dot, const Node& node) {
    at_ = &node;
    RETURN_IF_ERROR(Deepen());
    RETURN_IF_ERROR(WalkNode(dot, node));
    --depth_;
    return absl::OkStatus();
  }

  absl::Status WalkNode(const Value& dot, const Node& node) {
    switch (node.kind) {
      case NodeKind::kText:
        return Write(static_cast<const TextNode&>(node).text);
      case NodeKind::kAction:
        return WalkAction(dot, static_cast<const ActionNode&>(node));
      case NodeKind::kIf:
      case NodeKind::kWith:
        return WalkCondition(dot, static_cast<const BranchNode&>(node));
      case NodeKind::kRange:
        return WalkRange(dot, static_cast<const BranchNode&>(node));
      case NodeKind::kTemplate:
        return WalkTemplate(dot, static_cast<const TemplateNode&>(node));
      case NodeKind::kBreak:
        flow_ = Flow::kBreak;
        return absl::OkStatus();
      case NodeKind::kContinue:
        flow_ = Flow::kContinue;
        return absl::OkStatus();
      default:
        break;
    }
    for (const NodePtr& one : static_cast<const ListNode&>(node).nodes) {
      RETURN_IF_ERROR(Walk(dot, *one));
      if (flow_ != Flow::kNext) break;
    }
    return absl::OkStatus();
  }

  absl::Status WalkAction(const Value& dot, const ActionNode& action) {
    ASSIGN_OR_RETURN(const Value value, EvalPipe(dot, *action.pipe));
    if (!action.pipe->variables.empty()) return absl::OkStatus();
    at_ = &action;
    if (value.type() == GoType::kString) return Write(value.text());
    if (value.type() == GoType::kFloat64) return Write(FormatFloatG(value.number()));
    if (value.is_nil()) return Write("<no value>");
    GoPrinter printer(limits_.max_output_bytes);
    // A pointer is shown by what it points to; a histogram's text is a method of the pointer.
    const bool shows_pointee = value.is_pointer() && value.type() != GoType::kHistogram;
    const Value shown[] = {shows_pointee ? value.Pointee() : value};
    printer.Sprint(shown);
    return Write(printer.Take());
  }

  absl::Status WalkCondition(const Value& dot, const BranchNode& branch) {
    const size_t mark = variables_.size();
    ASSIGN_OR_RETURN(const Value value, EvalPipe(dot, *branch.pipe));
    if (IsTrue(value)) {
      RETURN_IF_ERROR(Walk(branch.kind == NodeKind::kWith ? value : dot, *branch.list));
    } else if (branch.else_list != nullptr) {
      RETURN_IF_ERROR(Walk(dot, *branch.else_list));
    }
    variables_.resize(mark);
    return absl::OkStatus();
  }

  absl::Status WalkRange(const Value& dot, const BranchNode& range) {
    const size_t mark = variables_.size();
    ASSIGN_OR_RETURN(Value value, EvalPipe(dot, *range.pipe));
    if (value.is_pointer() && !value.is_null()) value = value.Pointee();
    bool has_run = false;
    switch (KindOf(value)) {
      case GoKind::kInt:
      case GoKind::kUint: {
        RETURN_IF_ERROR(RangeOverInteger(value, range, has_run));
        break;
      }
      case GoKind::kSlice: {
        RETURN_IF_ERROR(RangeOverList(value, range, has_run));
        break;
      }
      case GoKind::kMap: {
        RETURN_IF_ERROR(RangeOverMap(value, range, has_run));
        break;
      }
      case GoKind::kInvalid:
        break;
      default:
        return Error(StrCat("range can't iterate over ", GoText(value)));
    }
    if (!has_run && range.else_list != nullptr) RETURN_IF_ERROR(Walk(dot, *range.else_list));
    variables_.resize(mark);
    return absl::OkStatus();
  }

  absl::Status RangeOverInteger(const Value& end, const BranchNode& range, bool& has_run) {
    if (range.pipe->variables.size() > 1) {
      return Error(StrCat("can't use ", GoText(end), " to iterate over more than one variable"));
    }
    for (int64_t i = 0; i < end.integer() && flow_ != Flow::kBreak; ++i) {
      has_run = true;
      RETURN_IF_ERROR(RunRound(Value(), Value::Int(i, end.type()), range));
    }
    EndLoop();
    return absl::OkStatus();
  }

  absl::Status RangeOverList(const Value& list, const BranchNode& range, bool& has_run) {
    const int64_t length = LengthOf(list);
    for (int64_t i = 0; i < length && flow_ != Flow::kBreak; ++i) {
      has_run = true;
      RETURN_IF_ERROR(RunRound(Value::Int(i), ElementAt(list, i), range));
    }
    EndLoop();
    return absl::OkStatus();
  }

  absl::Status RangeOverMap(const Value& map, const BranchNode& range, bool& has_run) {
    if (map.type() == GoType::kStringMap) {
      for (const auto& [name, text] : map.labels()) {
        has_run = true;
        RETURN_IF_ERROR(RunRound(Value::Part(name, map), Value::Part(text, map), range));
        if (flow_ == Flow::kBreak) break;
      }
    } else {
      for (const auto& [name, entry] : map.map().entries) {
        has_run = true;
        RETURN_IF_ERROR(RunRound(Value::Part(name, map), entry.Interface(), range));
        if (flow_ == Flow::kBreak) break;
      }
    }
    EndLoop();
    return absl::OkStatus();
  }

  void EndLoop() {
    if (flow_ == Flow::kBreak) flow_ = Flow::kNext;
  }

  absl::Status RunRound(const Value& index, const Value& element, const BranchNode& range) {
    const auto& declared = range.pipe->variables;
    // One variable is the element, two are the index and the element.
    if (range.pipe->is_assignment) {
      if (!declared.empty()) {
        RETURN_IF_ERROR(Assign(declared[0]->name, declared.size() > 1 ? index : element));
      }
      if (declared.size() > 1) RETURN_IF_ERROR(Assign(declared[1]->name, element));
    } else {
      if (!declared.empty()) variables_.back().value = element;
      if (declared.size() > 1) variables_[variables_.size() - 2].value = index;
    }
    const size_t mark = variables_.size();
    RETURN_IF_ERROR(Walk(element, *range.list));
    variables_.resize(mark);
    if (flow_ == Flow::kContinue) flow_ = Flow::kNext;
    return absl::OkStatus();
  }

  absl::Status WalkTemplate(const Value& dot, const TemplateNode& node) {
    const ListNode* body = nullptr;
    if (const auto found = parsed_.defined.find(node.name); found != parsed_.defined.end()) {
      body = found->second.get();
    } else if (node.name == parsed_.name) {
      body = parsed_.root.get();
    }
    if (body == nullptr) return Error(StrCat("template ", GoQuote(node.name), " not defined"));
    if (template_depth_ >= limits_.max_template_depth) {
      return Error(StrCat("exceeded maximum template depth (", limits_.max_template_depth, ")"));
    }
    Value inner_dot;
    if (node.pipe != nullptr) {
      ASSIGN_OR_RETURN(inner_dot, EvalPipe(dot, *node.pipe));
    }
    // The variables outside are not seen within. Those of the preamble belong to the text of the
    // outermost template alone.
    std::vector<Variable> variables = {{"$", inner_dot}};
    if (body == parsed_.root.get()) {
      RETURN_IF_ERROR(DeclarePreamble(inner_dot, variables));
    }
    std::swap(variables_, variables);
    const std::string_view outer_name = std::exchange(name_, node.name);
    ++template_depth_;
    RETURN_IF_ERROR(Walk(inner_dot, *body));
    --template_depth_;
    name_ = outer_name;
    std::swap(variables_, variables);
    return absl::OkStatus();
  }

  // What the preamble would declare for another dot.
  absl::Status DeclarePreamble(const Value& dot, std::vector<Variable>& variables) {
    constexpr std::pair<std::string_view, std::string_view> kFields[] = {
        {"$labels", "Labels"},
        {"$externalLabels", "ExternalLabels"},
        {"$externalURL", "ExternalURL"},
        {"$value", "Value"}};
    for (const auto& [variable, field] : kFields) {
      ASSIGN_OR_RETURN(const Value value, EvalField(dot, field, *at_, nullptr, nullptr, dot));
      variables.push_back({variable, value.Unwrapped()});
    }
    return absl::OkStatus();
  }

  absl::Status Assign(std::string_view name, const Value& value) {
    for (size_t i = variables_.size(); i-- > 0;) {
      if (variables_[i].name != name) continue;
      variables_[i].value = value;
      return absl::OkStatus();
    }
    return Error(StrCat("undefined variable: ", name));
  }

  // Pipelines. `final` is what the command before gave, null for the first.

  Result EvalPipe(const Value& dot, const PipeNode& pipe) {
    at_ = &pipe;
    RETURN_IF_ERROR(Deepen());
    Value value;
    const Value* final = nullptr;
    for (const auto& command : pipe.commands) {
      ASSIGN_OR_RETURN(Value next, EvalCommand(dot, *command, final));
      value = next.is_interface() ? next.Unwrapped() : std::move(next);
      final = &value;
    }
    for (const auto& variable : pipe.variables) {
      if (pipe.is_assignment) {
        RETURN_IF_ERROR(Assign(variable->name, value));
      } else {
        variables_.push_back({variable->name, value});
      }
    }
    --depth_;
    return value;
  }

  absl::Status CheckNoArgs(const ArgNodes* args, const Value* final) const {
    if (final == nullptr && (args == nullptr || args->size() < 2)) return absl::OkStatus();
    return Error(StrCat("can't give argument to non-function ", TextOf(*args->front())));
  }

  Result EvalCommand(const Value& dot, const CommandNode& command, const Value* final) {
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
    at_ = &first;
    RETURN_IF_ERROR(CheckNoArgs(&command.args, final));
    if (first.kind == NodeKind::kNil) return Error("nil is not a command");
    return EvalConstant(dot, first);
  }

  Result EvalConstant(const Value& dot, const Node& node) {
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
  Result EvalNumber(const NumberNode& node) {
    at_ = &node;
    if (node.as_complex) return Value::Complex(*node.as_complex);
    const std::string& text = node.text;
    const bool is_hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
                        text.find_first_of("pP") == std::string::npos;
    const bool looks_float =
        !is_hex && text[0] != '\'' && text.find_first_of(".eEpP") != std::string::npos;
    if (node.as_float && looks_float) return Value::Float(*node.as_float);
    if (node.as_int) return Value::Int(*node.as_int);
    return Error(text + " overflows int");
  }

  Result EvalFieldNode(const Value& dot, const FieldNode& field, const ArgNodes* args,
                       const Value* final) {
    at_ = &field;
    return EvalFields(dot, dot, field, field.fields, args, final);
  }

  Result EvalChain(const Value& dot, const ChainNode& chain, const ArgNodes* args,
                   const Value* final) {
    at_ = &chain;
    if (chain.base->kind == NodeKind::kNil) {
      return Error("indirection through explicit nil in " + TextOf(chain));
    }
    ASSIGN_OR_RETURN(const Value base, EvalArg(dot, std::nullopt, *chain.base));
    return EvalFields(dot, base, chain, chain.fields, args, final);
  }

  Result EvalVariable(const Value& dot, const VariableNode& node, const ArgNodes* args,
                      const Value* final) {
    at_ = &node;
    const Value* value = nullptr;
    for (size_t i = variables_.size(); i-- > 0 && value == nullptr;) {
      if (variables_[i].name == node.name) value = &variables_[i].value;
    }
    if (value == nullptr) return Error("undefined variable: " + node.name);
    if (!node.fields.empty()) {
      return EvalFields(dot, Value(*value), node, node.fields, args, final);
    }
    RETURN_IF_ERROR(CheckNoArgs(args, final));
    return *value;
  }

  // Only the last of several fields may be a method with arguments.
  Result EvalFields(const Value& dot, Value receiver, const Node& node,
                    const std::vector<std::string>& fields, const ArgNodes* args,
                    const Value* final) {
    for (size_t i = 0; i + 1 < fields.size(); ++i) {
      ASSIGN_OR_RETURN(receiver, EvalField(dot, fields[i], node, nullptr, nullptr, receiver));
    }
    return EvalField(dot, fields.back(), node, args, final, receiver);
  }

  Result EvalField(const Value& dot, std::string_view name, const Node& node, const ArgNodes* args,
                   const Value* final, const Value& receiver) {
    if (receiver.is_nil()) {
      if (!receiver.is_interface()) return Value();
      return Error(StrCat("nil pointer evaluating interface {}.", name));
    }
    const bool is_null = receiver.is_pointer() && receiver.is_null();
    if (is_null) return Error(StrCat("nil pointer evaluating ", TypeName(receiver), ".", name));
    if (const TemplateFunction* const method = FindMethod(receiver, name)) {
      return Call(dot, *method, &receiver, node, args, final);
    }
    const bool has_args = final != nullptr || (args != nullptr && args->size() > 1);
    if (HiddenFieldOf(receiver, name)) {
      return Error(StrCat(name, " is an unexported field of struct type ", TypeName(receiver)));
    }
    std::optional<Value> field = FieldOf(receiver, name);
    if (!field) {
      return Error(StrCat("can't evaluate field ", name, " in type ", TypeName(receiver)));
    }
    if (!has_args) return *std::move(field);
    const GoType type = receiver.type();
    return Error(StrCat(name, type == GoType::kStringMap || type == GoType::kMap
                                  ? " is not a method but has arguments"
                                  : " has arguments but cannot be invoked as function"));
  }

  // Functions.

  Result EvalFunction(const Value& dot, const IdentifierNode& node, const Node& command,
                      const ArgNodes* args, const Value* final) {
    at_ = &node;
    return Call(dot, *node.function, nullptr, command, args, final);
  }

  absl::Status CheckArity(const TemplateFunction& function, size_t given, bool has_final) const {
    const size_t total = given + (has_final ? 1 : 0);
    if (function.is_variadic) {
      const size_t fixed = function.params.size() - 1;
      if (total >= fixed) return absl::OkStatus();
      return Error(StrCat("wrong number of args for ", function.name, ": want at least ", fixed,
                          " got ", given));
    }
    if (total == function.params.size()) return absl::OkStatus();
    return Error(StrCat("wrong number of args for ", function.name, ": want ",
                        function.params.size(), " got ", total));
  }

  static ParamType TypeOfArg(const TemplateFunction& function, size_t index) {
    return function.params[std::min(index, function.params.size() - 1)];
  }

  Result Call(const Value& dot, const TemplateFunction& function, const Value* receiver,
              const Node& node, const ArgNodes* args, const Value* final) {
    const size_t given = args == nullptr || args->empty() ? 0 : args->size() - 1;
    RETURN_IF_ERROR(CheckArity(function, given, final != nullptr));
    if (!function.bad_signature.empty()) return Error(function.bad_signature);
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
    at_ = &node;
    return Located(result.status().code(), StrCat("error calling ", function.name, ": ",
                                                  std::string(result.status().message())));
  }

  absl::Status ChargeFor(std::span<const Value> values) {
    int64_t size = 0;
    for (const Value& value : values) {
      const GoKind kind = KindOf(value.Unwrapped());
      if (kind == GoKind::kString || kind == GoKind::kSlice || kind == GoKind::kMap) {
        size += LengthOf(value.Unwrapped());
      }
    }
    return Charge(1 + size / kBytesPerStep);
  }

  // They stop at the first argument that decides.
  Result EvalAndOr(const Value& dot, const TemplateFunction& function, const ArgNodes& args,
                   const Value* final) {
    const bool decides = function.special == TemplateFunction::Special::kOr;
    Value value;
    for (size_t i = 1; i < args.size(); ++i) {
      ASSIGN_OR_RETURN(value, EvalArg(dot, ParamType::kReflect, *args[i]));
      if (IsTrue(value) == decides) return value;
    }
    return final == nullptr ? value : *final;
  }

  // What the message of call names.
  static Value CalleeText(const ArgNodes* args, size_t given, const Value* final) {
    if (given > 0) return Value::String(TextOf(*(*args)[1]));
    if (final->type() == GoType::kString) return *final;
    return Value::String(final->is_nil() ? "<invalid Value>"
                                         : StrCat("<", TypeName(*final), " Value>"));
  }

  // `type` is nullopt where nothing is expected.
  Result Validate(const Value& given, std::optional<ParamType> type) {
    if (!type) return given;
    if (given.is_nil() && !given.is_interface()) {
      if (std::optional<Value> nil = NilOf(*type)) return *std::move(nil);
      return Error(StrCat("invalid value; expected ", NameOf(*type)));
    }
    if (TakesAnything(*type) || Fits(given, *type)) return given;
    const Value value = given.is_nil() ? given : given.Unwrapped();
    if (Fits(value, *type)) return value;
    if (value.is_pointer() && Fits(value.Pointee(), *type)) return value.Pointee();
    return Error(
        StrCat("wrong type for value; expected ", NameOf(*type), "; got ", TypeName(value)));
  }

  Result EvalArg(const Value& dot, std::optional<ParamType> type, const Node& node) {
    at_ = &node;
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

  Result EvalNil(ParamType type) {
    if (std::optional<Value> nil = NilOf(type)) return *std::move(nil);
    return Error(StrCat("cannot assign nil to ", NameOf(type)));
  }

  Result EvalConstantAs(const Value& dot, ParamType type, const Node& node) {
    switch (type) {
      case ParamType::kAny:
      case ParamType::kReflect:
        return EvalConstant(dot, node);
      case ParamType::kString:
        if (node.kind == NodeKind::kString) return EvalConstant(dot, node);
        return Error("expected string; found " + TextOf(node));
      case ParamType::kInt:
      case ParamType::kDuration: {
        const auto* number =
            node.kind == NodeKind::kNumber ? static_cast<const NumberNode*>(&node) : nullptr;
        if (number == nullptr || !number->as_int) {
          return Error("expected integer; found " + TextOf(node));
        }
        return Value::Int(*number->as_int,
                          type == ParamType::kInt ? GoType::kInt : GoType::kDuration);
      }
      default:
        return Error(StrCat("can't handle ", TextOf(node), " for arg of type ", NameOf(type)));
    }
  }

  const ParsedTemplate& parsed_;
  const TemplateLimits& limits_;
  CallContext context_;
  std::string_view name_;  // of the template that is executed
  Value root_;
  std::vector<Variable> variables_;
  std::string out_;
  const Node* at_ = nullptr;  // for messages: the node looked at last
  Flow flow_ = Flow::kNext;
  int64_t steps_ = 0;
  int depth_ = 0, template_depth_ = 0;
};

}  // namespace

absl::StatusOr<std::string> ExecuteTemplate(const ParsedTemplate& parsed, const TemplateData& data,
                                            const TemplateEnvironment& environment) {
  return Executor(parsed, data, environment).Run();
}

}  // namespace sloburn::rules
