// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/functions.h"

#include <string>
#include <unordered_map>

#include "base/str_cat.h"

namespace sloburn::rules {

const TemplateFunction* FindFunction(std::string_view name) {
  static const auto* const kByName = [] {
    auto* const table = new std::unordered_map<std::string_view, const TemplateFunction*>;
    for (const auto& functions :
         {BuiltinFunctions(), TextFunctions(), NumberFunctions(), QueryFunctions()}) {
      for (const TemplateFunction& function : functions) table->emplace(function.name, &function);
    }
    return table;
  }();
  const auto found = kByName->find(name);
  return found == kByName->end() ? nullptr : found->second;
}

absl::StatusOr<Value> TextResult(const CallContext& context, std::string text) {
  const size_t limit = context.environment.limits.max_output_bytes;
  if (text.size() <= limit) return Value::String(std::move(text));
  return absl::ResourceExhaustedError(
      StrCat("result is longer than the limit of ", limit, " bytes"));
}

}  // namespace sloburn::rules
