// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "base/str_cat.h"
#include "rules/rule_file.h"

namespace sloburn::rules {

std::vector<Label> MergeRuleLabels(const std::vector<Label>& group,
                                   const std::vector<Label>& rule) {
  std::map<std::string, std::string> merged;
  for (const Label& label : group) merged[label.name] = label.value;
  for (const Label& label : rule) merged[label.name] = label.value;
  std::vector<Label> labels;
  for (const auto& [name, value] : merged) labels.push_back({name, value});
  return labels;
}

std::vector<DuplicateRule> FindDuplicateRules(const RuleFile& file) {
  std::map<std::pair<std::string, Labels>, std::vector<Place>> by_identity;
  for (const GroupSpec& group : file.groups) {
    for (const RuleSpec& rule : group.rules) {
      const Labels labels = Labels::FromPairs(MergeRuleLabels(group.labels, rule.labels));
      by_identity[{rule.name, labels}].push_back(rule.place);
    }
  }
  std::vector<DuplicateRule> duplicates;
  for (const auto& [identity, places] : by_identity) {
    if (places.size() > 1) duplicates.push_back({identity.first, identity.second, places});
  }
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
