// SPDX-License-Identifier: Apache-2.0
// How far one execution of a template has come: the node it is at, the variables in scope, and
// what it has taken of its limits. Private to the executor and its pipeline evaluator.
//
//   ExecutionState state(parsed, limits);
//   state.at = &node;
//   RETURN_IF_ERROR(state.Deepen());
//   ...
//   --state.depth;
//
// Threads: one execution, one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "rules/alert_template/limits.h"
#include "rules/alert_template/parser.h"
#include "rules/alert_template/value.h"

namespace sloburn::rules {

struct TemplateVariable {
  std::string_view name;  // with its dollar sign
  Value value;
};

struct ExecutionState {
  // Both must outlive the state.
  ExecutionState(const ParsedTemplate& a_parsed, const TemplateLimits& a_limits)
      : parsed(a_parsed), limits(a_limits), name(a_parsed.name) {}

  // Errors at the node: InvalidArgument, ResourceExhausted, or any other.
  absl::Status Error(std::string_view message) const;
  absl::Status Exhausted(std::string_view message) const;
  absl::Status Located(absl::StatusCode code, std::string_view message) const;

  absl::Status Charge(int64_t more_steps) {
    steps += more_steps;
    return steps <= limits.max_steps ? absl::OkStatus() : OutOfSteps();
  }
  // Of nodes in nodes, over all templates: bounds the stack. Costs a step.
  absl::Status Deepen() {
    if (depth >= kMaxDepth) return TooDeep();
    ++depth;
    return Charge(1);
  }

  // The variable declared last of those named so; null where there is none.
  Value* Find(std::string_view variable);
  absl::Status Assign(std::string_view variable, const Value& value);

  const ParsedTemplate& parsed;
  const TemplateLimits& limits;
  std::string_view name;  // of the template that is executed
  std::vector<TemplateVariable> variables;
  const Node* at = nullptr;  // the node looked at last
  int64_t steps = 0;
  int depth = 0;

 private:
  static constexpr int kMaxDepth = 500;

  absl::Status OutOfSteps() const;
  absl::Status TooDeep() const;
};

}  // namespace sloburn::rules
