// SPDX-License-Identifier: Apache-2.0
#include "engine/exec/vector_matching.h"

#include <algorithm>
#include <unordered_map>

#include "engine/model/label_builder.h"

namespace sloburn::engine {
namespace {

// The names to keep or to leave out, sorted once for many series.
std::vector<std::string> MatchNames(const parser::VectorMatching& matching) {
  std::vector<std::string> names = matching.labels;
  if (!matching.is_on) names.emplace_back(kMetricName);
  std::sort(names.begin(), names.end());
  return names;
}

Labels Signature(const Labels& labels, bool is_on, const std::vector<std::string>& names) {
  return is_on ? KeepLabels(labels, names) : WithoutLabels(labels, names);
}

}  // namespace

Labels MatchLabels(const Labels& labels, const parser::VectorMatching& matching) {
  return Signature(labels, matching.is_on, MatchNames(matching));
}

MatchGroups GroupByMatch(const std::vector<OutputSeries>& left,
                         const std::vector<OutputSeries>& right,
                         const parser::VectorMatching& matching) {
  MatchGroups result;
  const std::vector<std::string> names = MatchNames(matching);
  std::unordered_map<Labels, size_t, LabelsHash> ids;
  const auto group_of = [&](const OutputSeries& series) {
    const auto [id, is_new] =
        ids.try_emplace(Signature(series.labels, matching.is_on, names), result.groups.size());
    if (is_new) result.groups.emplace_back();
    return id->second;
  };
  for (size_t i = 0; i < left.size(); ++i) {
    result.of_left.push_back(group_of(left[i]));
    result.groups[result.of_left.back()].left.push_back(i);
  }
  for (size_t i = 0; i < right.size(); ++i) {
    result.of_right.push_back(group_of(right[i]));
    result.groups[result.of_right.back()].right.push_back(i);
  }
  return result;
}

}  // namespace sloburn::engine
