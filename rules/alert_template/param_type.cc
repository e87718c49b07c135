// SPDX-License-Identifier: Apache-2.0
#include "rules/alert_template/param_type.h"

namespace sloburn::rules {

std::string_view NameOf(ParamType type) {
  switch (type) {
    case ParamType::kAny:
      return "interface {}";
    case ParamType::kReflect:
      return "reflect.Value";
    case ParamType::kString:
      return "string";
    case ParamType::kInt:
      return "int";
    case ParamType::kDuration:
      return "time.Duration";
    case ParamType::kTime:
      return "time.Time";
    case ParamType::kSamples:
      return "template.queryResult";
    case ParamType::kSample:
      return "*template.sample";
  }
  return "";
}

bool TakesAnything(ParamType type) {
  return type == ParamType::kAny || type == ParamType::kReflect;
}

std::optional<Value> NilOf(ParamType type) {
  if (TakesAnything(type)) return Value();
  if (type == ParamType::kSamples) return Value::Nil(GoType::kSamples);
  if (type == ParamType::kSample) return Value::Nil(GoType::kSample);
  return std::nullopt;
}

bool Fits(const Value& value, ParamType type) {
  if (value.is_interface()) return false;
  switch (type) {
    case ParamType::kString:
      return value.type() == GoType::kString;
    case ParamType::kInt:
      return value.type() == GoType::kInt;
    case ParamType::kDuration:
      return value.type() == GoType::kDuration && !value.is_pointer();
    case ParamType::kTime:
      return value.type() == GoType::kTime && !value.is_pointer();
    case ParamType::kSamples:
      return value.type() == GoType::kSamples;
    case ParamType::kSample:
      return value.type() == GoType::kSample && value.is_pointer();
    default:
      return true;
  }
}

}  // namespace sloburn::rules
