// SPDX-License-Identifier: Apache-2.0
// Evaluates the pipelines of a template: commands, their arguments, fields and calls.
//
//   PipelineEvaluator evaluator(state, environment);
//   ASSIGN_OR_RETURN(Value value, evaluator.EvalPipe(dot, *action.pipe));
//
// Errors are those of ExecuteTemplate. Threads: one execution, one thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "rules/alert_template/environment.h"
#include "rules/alert_template/execution_state.h"
#include "rules/alert_template/functions.h"
#include "rules/alert_template/param_type.h"
#include "rules/alert_template/tree.h"
#include "rules/alert_template/value.h"

namespace sloburn::rules {

class PipelineEvaluator {
 public:
  // Both must outlive the evaluator.
  PipelineEvaluator(ExecutionState& state, const TemplateEnvironment& environment)
      : state_(state), context_{environment} {}

  // Declares or assigns the pipeline's variables too.
  absl::StatusOr<Value> EvalPipe(const Value& dot, const PipeNode& pipe);

  // A field of `receiver`, as ".Labels" where `receiver` is the dot.
  absl::StatusOr<Value> EvalField(const Value& receiver, std::string_view name) {
    return EvalField(receiver, name, *state_.at, nullptr, nullptr, receiver);
  }

 private:
  using ArgNodes = std::vector<NodePtr>;  // of a command; the first is what is called

  // `args` is null where there can be none; `final` is what the command before gave, null for the
  // first.
  absl::StatusOr<Value> EvalCommand(const Value& dot, const CommandNode& command,
                                    const Value* final);
  absl::StatusOr<Value> EvalConstant(const Value& dot, const Node& node);
  absl::StatusOr<Value> EvalNumber(const NumberNode& node);
  absl::StatusOr<Value> EvalFieldNode(const Value& dot, const FieldNode& field,
                                      const ArgNodes* args, const Value* final);
  absl::StatusOr<Value> EvalChain(const Value& dot, const ChainNode& chain, const ArgNodes* args,
                                  const Value* final);
  absl::StatusOr<Value> EvalVariable(const Value& dot, const VariableNode& node,
                                     const ArgNodes* args, const Value* final);
  absl::StatusOr<Value> EvalFields(const Value& dot, Value receiver, const Node& node,
                                   const std::vector<std::string>& fields, const ArgNodes* args,
                                   const Value* final);
  absl::StatusOr<Value> EvalField(const Value& dot, std::string_view name, const Node& node,
                                  const ArgNodes* args, const Value* final, const Value& receiver);
  absl::StatusOr<Value> EvalFunction(const Value& dot, const IdentifierNode& node,
                                     const Node& command, const ArgNodes* args, const Value* final);
  absl::StatusOr<Value> Call(const Value& dot, const TemplateFunction& function,
                             const Value* receiver, const Node& node, const ArgNodes* args,
                             const Value* final);
  absl::StatusOr<Value> EvalAndOr(const Value& dot, const TemplateFunction& function,
                                  const ArgNodes& args, const Value* final);

  // `type` is nullopt where nothing is expected.
  absl::StatusOr<Value> EvalArg(const Value& dot, std::optional<ParamType> type, const Node& node);
  absl::StatusOr<Value> EvalNil(ParamType type);
  absl::StatusOr<Value> EvalConstantAs(const Value& dot, ParamType type, const Node& node);
  absl::StatusOr<Value> Validate(const Value& given, std::optional<ParamType> type);

  absl::Status CheckNoArgs(const ArgNodes* args, const Value* final) const;
  absl::Status CheckArity(const TemplateFunction& function, size_t given, bool has_final) const;
  absl::Status ChargeFor(std::span<const Value> values);

  ExecutionState& state_;
  CallContext context_;
};

}  // namespace sloburn::rules
