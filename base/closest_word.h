// SPDX-License-Identifier: Apache-2.0
// "Did you mean ...?": the known word that a mistyped one probably stands for. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace sloburn {

// The candidate with the fewest edits (insert, delete, replace, swap of neighbours) from `word`,
// or "" where even that takes more than a third of its letters. Of equals the first.
std::string_view ClosestWord(std::string_view word,
                             const std::vector<std::string_view>& candidates);

}  // namespace sloburn
