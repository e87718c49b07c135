// SPDX-License-Identifier: Apache-2.0
// The functions that alert templates call: Go's builtins and Prometheus' own. Also methods, whose
// first argument is the receiver.
//
//   const TemplateFunction* humanize = FindFunction("humanize");
//   absl::StatusOr<Value> text = humanize->handler(context, args);
//
// Errors are what stands after "error calling humanize: "; Cancelled is passed on as it is.
#pragma once

#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "rules/alert_template/environment.h"
#include "rules/alert_template/param_type.h"
#include "rules/alert_template/value.h"

namespace sloburn::rules {

// What calls of one expansion share.
struct CallContext {
  const TemplateEnvironment& environment;
  int queries = 0;
};

using FunctionHandler = absl::StatusOr<Value> (*)(CallContext& context,
                                                  std::span<const Value> args);

struct TemplateFunction {
  // Functions whose arguments the executor evaluates in its own way.
  enum class Special : uint8_t { kNone, kAnd, kOr, kCall };

  std::string_view name;
  std::span<const ParamType> params;  // of a method: without the receiver
  bool is_variadic;                   // the last parameter may be given any number of times
  FunctionHandler handler;
  Special special = Special::kNone;
  // Methods that no template can call: why.
  std::string_view bad_signature = {};
};

// Null where there is none.
const TemplateFunction* FindFunction(std::string_view name);

// The method of a value that is no nil; null where it has none of that name.
const TemplateFunction* FindMethod(const Value& receiver, std::string_view name);

// Tables of the files that implement functions, for FindFunction.
std::span<const TemplateFunction> BuiltinFunctions();  // Go's
std::span<const TemplateFunction> TextFunctions();
std::span<const TemplateFunction> NumberFunctions();
std::span<const TemplateFunction> QueryFunctions();

// Parameter lists for the tables.
inline constexpr ParamType kOneAny[] = {ParamType::kAny};
inline constexpr ParamType kOneReflect[] = {ParamType::kReflect};
inline constexpr ParamType kTwoReflect[] = {ParamType::kReflect, ParamType::kReflect};
inline constexpr ParamType kOneString[] = {ParamType::kString};

// `text` as a result; an error where it is longer than the environment's limit.
absl::StatusOr<Value> TextResult(const CallContext& context, std::string text);

}  // namespace sloburn::rules
