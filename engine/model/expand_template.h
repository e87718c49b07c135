// SPDX-License-Identifier: Apache-2.0
// A label's value matched as a whole, and Go's Regexp.Expand over the groups: for label_replace and
// relabelling. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace sloburn {

// The groups of a match of all of `text`, the whole first; they point into `text`. Empty where it
// does not match.
std::vector<std::string_view> MatchGroups(const re2::RE2& regex, std::string_view text);

// Replaces $1, ${1}, $name, ${name} and $$. `groups[0]` is the whole match. An unknown group is
// empty.
std::string ExpandTemplate(std::string_view replacement,
                           const std::vector<std::string_view>& groups, const re2::RE2& regex);

}  // namespace sloburn
