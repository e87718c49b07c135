// SPDX-License-Identifier: Apache-2.0
// The types of the parameters of template functions, and which values fit them. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "rules/alert_template/value.h"

namespace sloburn::rules {

// What a function takes, of all that Go's reflection tells apart.
enum class ParamType : uint8_t {
  kAny,      // interface{}
  kReflect,  // reflect.Value: as kAny, but the function sees whether an interface{} holds it
  kString,
  kInt,
  kDuration,
  kTime,
  kSamples,
  kSample,
};

// "string", "*template.sample": as messages name it.
std::string_view NameOf(ParamType type);

bool TakesAnything(ParamType type);

// The nil of the type, nullopt where it has none.
std::optional<Value> NilOf(ParamType type);

// Whether Go would assign the value as it is.
bool Fits(const Value& value, ParamType type);

}  // namespace sloburn::rules
