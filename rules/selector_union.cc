// SPDX-License-Identifier: Apache-2.0
#include "rules/selector_union.h"

#include <algorithm>

#include "base/str_cat.h"

namespace sloburn::rules {
namespace {

std::string KeyOf(const engine::PreparedQuery::Selector& selector) {
  std::vector<std::string> parts;
  for (const Matcher& matcher : selector.matchers) parts.push_back(matcher.ToString());
  std::sort(parts.begin(), parts.end());
  std::string key;
  for (const std::string& part : parts) StrAppend(&key, part, ",");
  return StrCat(key, selector.has_at ? "@" : "");
}

}  // namespace

void SelectorUnion::Add(const engine::PreparedQuery::Selector& selector, int64_t query_offset_ms) {
  engine::PreparedQuery::Selector shifted = selector;
  shifted.oldest_ms += query_offset_ms;
  shifted.newest_ms += query_offset_ms;
  const auto [place, is_new] = by_matchers_.emplace(KeyOf(selector), shifted);
  if (is_new) return;
  engine::PreparedQuery::Selector& joined = place->second;
  joined.oldest_ms = std::max(joined.oldest_ms, shifted.oldest_ms);
  joined.newest_ms = std::min(joined.newest_ms, shifted.newest_ms);
  joined.at_min_ms = std::min(joined.at_min_ms, shifted.at_min_ms);
  joined.at_max_ms = std::max(joined.at_max_ms, shifted.at_max_ms);
}

std::vector<engine::PreparedQuery::Selector> SelectorUnion::Take() const {
  std::vector<engine::PreparedQuery::Selector> selectors;
  for (const auto& [key, selector] : by_matchers_) selectors.push_back(selector);
  return selectors;
}

}  // namespace sloburn::rules
