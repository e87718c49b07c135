// SPDX-License-Identifier: Apache-2.0
// YAML mapping with `groups:` -> GroupSpecs, decoded and validated in Prometheus' order and words.
// Private to the reading of rule files. One object reads one file.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/yaml.h"
#include "engine/model/matcher.h"
#include "rules/rule_fields.h"
#include "rules/rule_file.h"

namespace sloburn::rules {

class GroupReader {
 public:
  // All arguments must outlive the object.
  GroupReader(const YamlStream& stream, const RuleFileOptions& options, FindingLog& log)
      : stream_(stream), options_(options), log_(log) {}

  // `file` is the groups' identity; `go_type` names the mapping in messages.
  void ReadGroups(const YamlNode& root, const std::string& file, std::string_view go_type);

  std::vector<GroupSpec> TakeGroups() { return std::move(groups_); }

 private:
  void ReadGroup(const YamlNode& node, const std::string& file, bool is_manifest);
  void CheckGroup(const GroupSpec& group, const RuleFields& fields);
  RuleSpec ReadRule(const YamlNode& node, const std::string& group, int number);
  void ReadExpr(const RuleFields& fields, const std::string& prefix, RuleSpec& rule);
  absl::Status PrepareQuery(RuleSpec& rule);

  const YamlStream& stream_;
  const RuleFileOptions& options_;
  FindingLog& log_;
  RegexCache regexes_;  // the same few stand in many rules
  std::vector<GroupSpec> groups_;
  std::set<std::pair<std::string, std::string>> seen_;  // file and name
};

}  // namespace sloburn::rules
