// SPDX-License-Identifier: Apache-2.0
#include "cli/slo_demand.h"

#include <algorithm>
#include <set>

namespace sloburn::cli {
namespace {

bool ReadsSeriesOfRules(const rules::GroupReads& reads,
                        const std::vector<rules::GroupSeries>& groups) {
  return std::any_of(groups.begin(), groups.end(), [&](const auto& group) {
    return std::any_of(reads.metrics.begin(), reads.metrics.end(),
                       [&](const std::string& metric) { return group.writes.contains(metric); });
  });
}

}  // namespace

SloDemand MakeSloDemand(const std::vector<engine::PreparedQuery::Selector>& selectors,
                        const std::vector<rules::GroupSeries>& groups) {
  const rules::GroupReads reads = rules::ReadsOf(selectors);
  const bool reads_rules = ReadsSeriesOfRules(reads, groups);
  std::set<std::string> all(reads.selectors.begin(), reads.selectors.end());
  for (const rules::GroupSeries& group : groups) {
    if (reads_rules) all.insert(group.reads->selectors.begin(), group.reads->selectors.end());
  }
  SloDemand demand;
  for (const rules::GroupSeries& group : groups) {
    for (const std::string& selector : group.reads->selectors) {
      if (all.contains(selector)) demand.delay = std::max(demand.delay, group.query_offset);
    }
  }
  demand.selectors.assign(all.begin(), all.end());
  return demand;
}

}  // namespace sloburn::cli
