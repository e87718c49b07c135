// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/grouping.h"

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "engine/model/label_builder.h"

namespace sloburn::engine {

namespace {

// Sets `bytes` to those of the labels that a group keeps. `names` ascend.
void SetKeptBytes(const Labels& labels, const std::vector<std::string>& names, bool is_without,
                     std::string& bytes) {
  bytes.clear();
  if (names.empty() && !is_without) return;
  size_t next = 0;  // of the names: labels ascend as well
  for (const auto [name, value] : labels) {
    while (next < names.size() && names[next] < name) ++next;
    const bool is_named = next < names.size() && names[next] == name;
    if (is_named != is_without) AppendLabelBytes(bytes, name, value);
    if (next == names.size() && !is_without) return;
  }
}

}  // namespace

Grouping GroupSeries(const std::vector<OutputSeries>& series, const parser::AggregateExpr& expr) {
  Grouping grouping;
  std::vector<std::string> names = expr.grouping;
  if (expr.is_without) names.emplace_back(kMetricName);
  std::sort(names.begin(), names.end());
  grouping.of_series.reserve(series.size());
  // Groups are told apart by the bytes of their labels, so that labels are made once per group.
  absl::flat_hash_map<std::string, size_t> positions;
  std::string bytes;
  for (const OutputSeries& one : series) {
    SetKeptBytes(one.labels, names, expr.is_without, bytes);
    const auto [position, is_new] = positions.try_emplace(bytes, grouping.groups.size());
    if (is_new) {
      grouping.groups.push_back(
          {expr.is_without ? WithoutLabels(one.labels, names) : KeepLabels(one.labels, names),
           false});
    }
    grouping.groups[position->second].drops_name |= one.drops_name;
    grouping.of_series.push_back(position->second);
  }
  return grouping;
}

}  // namespace sloburn::engine
