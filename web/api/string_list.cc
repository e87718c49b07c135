// SPDX-License-Identifier: Apache-2.0
#include "web/api/string_list.h"

#include <algorithm>
#include <vector>

#include "web/api/json_values.h"

namespace sloburn::web {

Notes AppendSortedTexts(std::string& out, const std::unordered_set<std::string>& texts,
                        int64_t limit) {
  std::vector<std::string> sorted(texts.begin(), texts.end());
  std::sort(sorted.begin(), sorted.end());
  Notes notes;
  if (limit > 0 && static_cast<int64_t>(sorted.size()) > limit) {
    sorted.resize(limit);
    notes.warnings.push_back(kTruncatedWarning);
  }
  AppendStringArrayJson(out, sorted);
  return notes;
}

}  // namespace sloburn::web
