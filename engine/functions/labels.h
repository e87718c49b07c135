// SPDX-License-Identifier: Apache-2.0
// What label_replace and label_join need besides the labels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace sloburn::engine {

// Go's Regexp.Expand: $1, ${1}, $name, ${name} and $$. `groups[0]` is the whole match. An unknown
// group is empty.
std::string ExpandTemplate(std::string_view replacement,
                           const std::vector<std::string_view>& groups, const re2::RE2& regex);

// Any valid UTF-8 that is not empty.
bool IsValidLabelName(std::string_view name);

}  // namespace sloburn::engine
