// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/execution_state.h"

#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn::rules {

absl::Status ExecutionState::Error(std::string_view message) const {
  return Located(absl::StatusCode::kInvalidArgument, message);
}

absl::Status ExecutionState::Exhausted(std::string_view message) const {
  return Located(absl::StatusCode::kResourceExhausted, message);
}

absl::Status ExecutionState::Located(absl::StatusCode code, std::string_view message) const {
  return absl::Status(code, StrCat("template: ", parsed.LocationOf(*at), ": executing ",
                                   GoQuote(name), " at <", TextOf(*at), ">: ", message));
}

absl::Status ExecutionState::OutOfSteps() const {
  return Exhausted(StrCat("more than ", limits.max_steps, " steps"));
}

absl::Status ExecutionState::TooDeep() const {
  return Exhausted(StrCat("exceeded maximum nesting depth (", kMaxDepth, ")"));
}

Value* ExecutionState::Find(std::string_view variable) {
  for (size_t i = variables.size(); i-- > 0;) {
    if (variables[i].name == variable) return &variables[i].value;
  }
  return nullptr;
}

absl::Status ExecutionState::Assign(std::string_view variable, const Value& value) {
  Value* const found = Find(variable);
  if (found == nullptr) return Error(StrCat("undefined variable: ", variable));
  *found = value;
  return absl::OkStatus();
}

}  // namespace sloburn::rules
