// SPDX-License-Identifier: Apache-2.0
#include "rules/source.h"

namespace sloburn::rules {

std::string_view MetricOf(const Matchers& matchers) {
  for (const Matcher& matcher : matchers) {
    if (matcher.name() == kMetricName && matcher.type() == parser::MatchType::kEqual) {
      return matcher.value();
    }
  }
  return "";
}

GroupReads ReadsOf(const std::vector<engine::PreparedQuery::Selector>& selectors) {
  std::set<std::string> texts, metrics;
  for (const engine::PreparedQuery::Selector& selector : selectors) {
    texts.insert(SelectorText(selector.matchers));
    if (const std::string_view metric = MetricOf(selector.matchers); !metric.empty()) {
      metrics.emplace(metric);
    }
  }
  return {{texts.begin(), texts.end()}, {metrics.begin(), metrics.end()}};
}

}  // namespace sloburn::rules
