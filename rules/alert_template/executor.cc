// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/executor.h"

#include <utility>
#include <vector>

#include "base/float_text.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "rules/alert_template/execution_state.h"
#include "rules/alert_template/go_print.h"
#include "rules/alert_template/pipeline_evaluator.h"

namespace sloburn::rules {
namespace {

enum class Flow { kNext, kBreak, kContinue };

class Executor {
 public:
  Executor(const ParsedTemplate& parsed, const TemplateData& data,
           const TemplateEnvironment& environment)
      : state_(parsed, environment.limits),
        evaluator_(state_, environment),
        root_(Value::Data(&data)) {
    const auto shared = [](const Labels& labels) {
      return Value::StringMap(std::shared_ptr<const Labels>(std::shared_ptr<void>(), &labels));
    };
    state_.variables = {{"$", root_},
                        {"$labels", shared(data.labels)},
                        {"$externalLabels", shared(data.external_labels)},
                        {"$externalURL", Value::View(data.external_url)},
                        {"$value", data.value}};
  }

  absl::StatusOr<std::string> Run() {
    RETURN_IF_ERROR(Walk(root_, *state_.parsed.root));
    return std::move(out_);
  }

 private:
  absl::Status Write(std::string_view text) {
    if (out_.size() + text.size() > state_.limits.max_output_bytes) {
      return state_.Exhausted(
          StrCat("output is longer than the limit of ", state_.limits.max_output_bytes, " bytes"));
    }
    out_ += text;
    return absl::OkStatus();
  }

  absl::Status Walk(const Value& dot, const Node& node) {
    state_.at = &node;
    RETURN_IF_ERROR(state_.Deepen());
    RETURN_IF_ERROR(WalkNode(dot, node));
    --state_.depth;
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
    ASSIGN_OR_RETURN(const Value value, evaluator_.EvalPipe(dot, *action.pipe));
    if (!action.pipe->variables.empty()) return absl::OkStatus();
    state_.at = &action;
    if (value.type() == GoType::kString) return Write(value.text());
    if (value.type() == GoType::kFloat64) return Write(FormatFloatG(value.number()));
    if (value.is_nil()) return Write("<no value>");
    GoPrinter printer(state_.limits.max_output_bytes);
    // A pointer is shown by what it points to; a histogram's text is a method of the pointer.
    const bool shows_pointee = value.is_pointer() && value.type() != GoType::kHistogram;
    const Value shown[] = {shows_pointee ? value.Pointee() : value};
    printer.Sprint(shown);
    return Write(printer.Take());
  }

  absl::Status WalkCondition(const Value& dot, const BranchNode& branch) {
    const size_t mark = state_.variables.size();
    ASSIGN_OR_RETURN(const Value value, evaluator_.EvalPipe(dot, *branch.pipe));
    if (IsTrue(value)) {
      RETURN_IF_ERROR(Walk(branch.kind == NodeKind::kWith ? value : dot, *branch.list));
    } else if (branch.else_list != nullptr) {
      RETURN_IF_ERROR(Walk(dot, *branch.else_list));
    }
    state_.variables.resize(mark);
    return absl::OkStatus();
  }

  absl::Status WalkRange(const Value& dot, const BranchNode& range) {
    const size_t mark = state_.variables.size();
    ASSIGN_OR_RETURN(Value value, evaluator_.EvalPipe(dot, *range.pipe));
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
        return state_.Error(StrCat("range can't iterate over ", GoText(value)));
    }
    if (!has_run && range.else_list != nullptr) RETURN_IF_ERROR(Walk(dot, *range.else_list));
    state_.variables.resize(mark);
    return absl::OkStatus();
  }

  absl::Status RangeOverInteger(const Value& end, const BranchNode& range, bool& has_run) {
    if (range.pipe->variables.size() > 1) {
      return state_.Error(
          StrCat("can't use ", GoText(end), " to iterate over more than one variable"));
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
        RETURN_IF_ERROR(state_.Assign(declared[0]->name, declared.size() > 1 ? index : element));
      }
      if (declared.size() > 1) RETURN_IF_ERROR(state_.Assign(declared[1]->name, element));
    } else {
      if (!declared.empty()) state_.variables.back().value = element;
      if (declared.size() > 1) state_.variables[state_.variables.size() - 2].value = index;
    }
    const size_t mark = state_.variables.size();
    RETURN_IF_ERROR(Walk(element, *range.list));
    state_.variables.resize(mark);
    if (flow_ == Flow::kContinue) flow_ = Flow::kNext;
    return absl::OkStatus();
  }

  absl::Status WalkTemplate(const Value& dot, const TemplateNode& node) {
    const ListNode* body = nullptr;
    if (const auto found = state_.parsed.defined.find(node.name);
        found != state_.parsed.defined.end()) {
      body = found->second.get();
    } else if (node.name == state_.parsed.name) {
      body = state_.parsed.root.get();
    }
    if (body == nullptr) {
      return state_.Error(StrCat("template ", GoQuote(node.name), " not defined"));
    }
    if (template_depth_ >= state_.limits.max_template_depth) {
      return state_.Error(
          StrCat("exceeded maximum template depth (", state_.limits.max_template_depth, ")"));
    }
    Value inner_dot;
    if (node.pipe != nullptr) {
      ASSIGN_OR_RETURN(inner_dot, evaluator_.EvalPipe(dot, *node.pipe));
    }
    // The variables outside are not seen within. Those of the preamble belong to the text of the
    // outermost template alone.
    std::vector<TemplateVariable> variables = {{"$", inner_dot}};
    if (body == state_.parsed.root.get()) {
      RETURN_IF_ERROR(DeclarePreamble(inner_dot, variables));
    }
    std::swap(state_.variables, variables);
    const std::string_view outer_name = std::exchange(state_.name, node.name);
    ++template_depth_;
    RETURN_IF_ERROR(Walk(inner_dot, *body));
    --template_depth_;
    state_.name = outer_name;
    std::swap(state_.variables, variables);
    return absl::OkStatus();
  }

  // What the preamble would declare for another dot.
  absl::Status DeclarePreamble(const Value& dot, std::vector<TemplateVariable>& variables) {
    constexpr std::pair<std::string_view, std::string_view> kFields[] = {
        {"$labels", "Labels"},
        {"$externalLabels", "ExternalLabels"},
        {"$externalURL", "ExternalURL"},
        {"$value", "Value"}};
    for (const auto& [variable, field] : kFields) {
      ASSIGN_OR_RETURN(const Value value, evaluator_.EvalField(dot, field));
      variables.push_back({variable, value.Unwrapped()});
    }
    return absl::OkStatus();
  }

  ExecutionState state_;
  PipelineEvaluator evaluator_;
  const Value root_;
  std::string out_;
  Flow flow_ = Flow::kNext;
  int template_depth_ = 0;
};

}  // namespace

absl::StatusOr<std::string> ExecuteTemplate(const ParsedTemplate& parsed, const TemplateData& data,
                                            const TemplateEnvironment& environment) {
  return Executor(parsed, data, environment).Run();
}

}  // namespace sloburn::rules
