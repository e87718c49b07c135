// SPDX-License-Identifier: Apache-2.0
// The fields of structs and the entries of maps, by name. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "rules/alert_template/value.h"

namespace sloburn::rules {

// A map has an entry for every name: the zero of its type where it holds none. nullopt where the
// type has no such field. REQUIRES: `receiver` is no nil.
std::optional<Value> FieldOf(const Value& receiver, std::string_view name);

// Fields that %v and its like show although templates cannot reach them.
std::optional<Value> HiddenFieldOf(const Value& receiver, std::string_view name);

// All that are shown, in Go's order; empty where the type is no struct.
std::span<const std::string_view> FieldNamesOf(GoType type);

}  // namespace sloburn::rules
