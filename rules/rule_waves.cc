// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_waves.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace sloburn::rules {
namespace {

using Names = std::set<std::string_view>;

Names WrittenBy(const Rule& rule) {
  if (std::holds_alternative<AlertingRule>(rule)) return {kAlertsMetric, kAlertsForStateMetric};
  return {NameOf(rule)};
}

Names WrittenByAll(const std::vector<Rule>& rules) {
  Names names;
  for (const Rule& rule : rules) names.merge(WrittenBy(rule));
  return names;
}

bool MatchesName(const Matchers& matchers, std::string_view name) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
    return matcher.name() != kMetricName || matcher.Matches(name);
  });
}

// Of `written`, what the rule may read.
Names ReadBy(const Rule& rule, const Names& written) {
  const auto* alerting = std::get_if<AlertingRule>(&rule);
  if (alerting != nullptr && alerting->calls_query()) return written;
  Names names;
  for (const engine::PreparedQuery::Selector& selector : QueryOf(rule).selectors()) {
    for (const std::string_view name : written) {
      if (MatchesName(selector.matchers, name)) names.insert(name);
    }
  }
  return names;
}

// The first waves that may read or write a metric; 0 where nothing is known of it.
struct MetricUse {
  size_t readable_in = 0;   // after all that write it so far
  size_t writable_in = 0;   // not before those that read or write it so far
};

}  // namespace

std::vector<std::vector<size_t>> WavesOf(const std::vector<Rule>& rules) {
  const Names written = WrittenByAll(rules);
  std::map<std::string_view, MetricUse> uses;
  std::vector<std::vector<size_t>> waves;
  for (size_t i = 0; i < rules.size(); ++i) {
    const Names reads = ReadBy(rules[i], written), writes = WrittenBy(rules[i]);
    size_t wave = 0;
    for (const std::string_view name : reads) wave = std::max(wave, uses[name].readable_in);
    for (const std::string_view name : writes) wave = std::max(wave, uses[name].writable_in);
    for (const std::string_view name : reads) {
      uses[name].writable_in = std::max(uses[name].writable_in, wave);
    }
    for (const std::string_view name : writes) {
      uses[name].writable_in = std::max(uses[name].writable_in, wave);
      uses[name].readable_in = std::max(uses[name].readable_in, wave + 1);
    }
    if (waves.size() <= wave) waves.resize(wave + 1);
    waves[wave].push_back(i);
  }
  return waves;
}

}  // namespace sloburn::rules
