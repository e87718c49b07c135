// SPDX-License-Identifier: Apache-2.0
// What a plain YAML scalar means, by the rules of Go's yaml.v3. Pure; used by base/yaml.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/yaml.h"

namespace sloburn {

// The type of a scalar that was written without quotes and without a tag.
YamlTag ResolvePlainScalar(std::string_view text);

// "!!str" and so on.
std::string_view YamlTagName(YamlTag tag);

// Standard base64 with padding; line breaks are skipped. nullopt where it is malformed.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace sloburn
