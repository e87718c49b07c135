// SPDX-License-Identifier: Apache-2.0
// The answer of /labels and /label/<name>/values: sorted texts, cut to a limit.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "web/api/api_handler.h"

namespace sloburn::web {

// Appends the sorted texts as a JSON array; limit 0: all of them.
Notes AppendSortedTexts(std::string& out, const std::unordered_set<std::string>& texts,
                        int64_t limit);

}  // namespace sloburn::web
