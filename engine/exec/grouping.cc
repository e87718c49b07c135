// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/grouping.h"

#include <algorithm>
#include <unordered_map>

#include "engine/model/label_builder.h"

namespace sloburn::engine {

Grouping GroupSeries(const std::vector<OutputSeries>& series, const parser::AggregateExpr& expr) {
  Grouping grouping;
  std::vector<std::string> names = expr.grouping;
  if (expr.is_without) names.emplace_back(kMetricName);
  std::sort(names.begin(), names.end());
  std::unordered_map<Labels, size_t, LabelsHash> positions;
  for (const OutputSeries& one : series) {
    Labels labels =
        expr.is_without ? WithoutLabels(one.labels, names) : KeepLabels(one.labels, names);
    const auto [position, is_new] = positions.try_emplace(labels, grouping.groups.size());
    if (is_new) grouping.groups.push_back({std::move(labels), false});
    grouping.groups[position->second].drops_name |= one.drops_name;
    grouping.of_series.push_back(position->second);
  }
  return grouping;
}

}  // namespace sloburn::engine
