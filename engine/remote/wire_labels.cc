// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/wire_labels.h"

#include <algorithm>

#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn::remote {
namespace {

// Equal names stay in the order of the message, which is what Prometheus' texts show.
void SortByName(LabelViews& views) {
  const auto by_name = [](const auto& a, const auto& b) { return a.first < b.first; };
  if (!std::is_sorted(views.begin(), views.end(), by_name)) {
    std::stable_sort(views.begin(), views.end(), by_name);
  }
}

bool IsGood(const std::pair<std::string_view, std::string_view>& label) {
  return !label.first.empty() && IsValidUtf8(label.first) && IsValidUtf8(label.second) &&
         !(label.first == kMetricName && label.second.empty());
}

}  // namespace

std::optional<std::string> FindInvalid(LabelViews& views) {
  SortByName(views);
  const bool has_name = std::any_of(views.begin(), views.end(),
                                    [](const auto& label) { return label.first == kMetricName; });
  if (!has_name || !std::all_of(views.begin(), views.end(), IsGood)) {
    return StrCat("invalid metric name or labels, got ", PrintLabels(views));
  }
  const auto twice = std::adjacent_find(
      views.begin(), views.end(), [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice == views.end()) return std::nullopt;
  return StrCat("invalid labels for series, labels ", PrintLabels(views), ", duplicated label ",
                twice->first);
}

Labels BuildLabels(LabelViews& views) {
  SortByName(views);
  LabelViews distinct;
  distinct.reserve(views.size());
  for (const auto& pair : views) {
    if (pair.second.empty()) continue;
    if (!distinct.empty() && distinct.back().first == pair.first) distinct.pop_back();
    distinct.push_back(pair);
  }
  return Labels::FromSorted(distinct);
}

std::string PrintLabels(const LabelViews& views) {
  std::string text = "{";
  for (const auto& [name, value] : views) {
    if (text.size() > 1) text += ", ";
    AppendLabelText(text, name, value);
  }
  return text + "}";
}

}  // namespace sloburn::remote
