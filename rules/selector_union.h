// SPDX-License-Identifier: Apache-2.0
// Joins the selectors of many queries: one entry per set of matchers, with a window that covers
// all. Selectors pinned by @ are kept apart from the others. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/engine.h"

namespace sloburn::rules {

class SelectorUnion {
 public:
  // `query_offset_ms`: how much earlier than its tick the query runs.
  void Add(const engine::PreparedQuery::Selector& selector, int64_t query_offset_ms);

  // Ordered by the text of their matchers.
  std::vector<engine::PreparedQuery::Selector> Take() const;

 private:
  std::map<std::string, engine::PreparedQuery::Selector> by_matchers_;
};

}  // namespace sloburn::rules
