// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <tuple>

#include "base/str_cat.h"
#include "rules/rule_file.h"

namespace sloburn::rules {
namespace {

struct Identity {
  uint64_t hash;
  std::string_view name;
  Labels labels;
  Place place;

  bool Equals(const Identity& other) const {
    return hash == other.hash && name == other.name && labels == other.labels;
  }
};

std::vector<Identity> IdentitiesOf(const RuleFile& file) {
  std::vector<Identity> identities;
  for (const GroupSpec& group : file.groups) {
    for (const RuleSpec& rule : group.rules) {
      // Of equal names the last counts.
      std::vector<Label> labels = group.labels;
      labels.insert(labels.end(), rule.labels.begin(), rule.labels.end());
      Identity one{0, rule.name, Labels::FromPairs(std::move(labels)), rule.place};
      one.hash = one.labels.hash() ^ std::hash<std::string_view>()(one.name);
      identities.push_back(std::move(one));
    }
  }
  return identities;
}

}  // namespace

std::vector<Label> MergeRuleLabels(const std::vector<Label>& group,
                                   const std::vector<Label>& rule) {
  std::vector<Label> labels = group;
  labels.insert(labels.end(), rule.begin(), rule.end());
  std::stable_sort(labels.begin(), labels.end(),
                   [](const Label& a, const Label& b) { return a.name < b.name; });
  // Of equal names the last counts.
  const auto kept = std::unique(labels.rbegin(), labels.rend(), [](const Label& a, const Label& b) {
    return a.name == b.name;
  });
  labels.erase(labels.begin(), kept.base());
  return labels;
}

std::vector<DuplicateRule> FindDuplicateRules(const RuleFile& file) {
  std::vector<Identity> identities = IdentitiesOf(file);
  // By hash, as nearly all differ; within the same identity the order of the file stays.
  std::stable_sort(identities.begin(), identities.end(), [](const Identity& a, const Identity& b) {
    return std::tie(a.hash, a.name, a.labels) < std::tie(b.hash, b.name, b.labels);
  });
  std::vector<DuplicateRule> duplicates;
  for (auto first = identities.begin(); first != identities.end();) {
    const auto last = std::find_if(first + 1, identities.end(),
                                   [&](const Identity& one) { return !one.Equals(*first); });
    if (last - first > 1) {
      DuplicateRule& duplicate = duplicates.emplace_back();
      duplicate.name = std::string(first->name);
      duplicate.labels = first->labels;
      for (auto one = first; one != last; ++one) duplicate.places.push_back(one->place);
    }
    first = last;
  }
  std::sort(duplicates.begin(), duplicates.end(),
            [](const DuplicateRule& a, const DuplicateRule& b) {
              return std::tie(a.name, a.labels) < std::tie(b.name, b.labels);
            });
  return duplicates;
}

std::string DescribeDuplicates(const std::vector<DuplicateRule>& duplicates) {
  std::string text = StrCat(duplicates.size(), " duplicate rule(s) found.\n");
  for (const DuplicateRule& one : duplicates) {
    StrAppend(&text, "Metric: ", one.name, "\nLabel(s):\n");
    for (const auto& [name, value] : one.labels) StrAppend(&text, "\t", name, ": ", value, "\n");
  }
  text += "Might cause inconsistency while recording expressions";
  return text;
}

}  // namespace sloburn::rules
