// SPDX-License-Identifier: Apache-2.0
// Rule files: YAML text -> groups of checked rules, with the place of every field.
//
//   ParsedRuleFile parsed = ReadRuleFile("rules.yml", options);
//   if (!parsed.ok()) return parsed.ToStatus();
//   use(parsed.file.groups);
//
// Two forms are read. Prometheus' own: one document with `groups:`; further documents are ignored
// with a warning, as Prometheus does. And manifests of kind PrometheusRule (monitoring.coreos.com),
// alone, in a List, or as several documents of one file; objects of other kinds are passed over
// with a warning.
//
// All errors of a file are reported, not only the first. Expressions are prepared, so every error
// of syntax and type shows here. So are the templates of alerts' labels and annotations; those of a
// group's labels are not, as in Prometheus: what is wrong with them shows in the alerts.
//
// Ownership: results are values. Threads: the functions are pure (but for reading the file).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/yaml.h"
#include "engine/engine.h"
#include "engine/model/labels.h"
#include "rules/alert_template/alert_template.h"
#include "rules/diagnostic.h"

namespace sloburn::rules {

struct RuleSpec {
  bool is_alerting = false;
  std::string name;  // of `record` or `alert`
  std::string expr;  // as written
  engine::PreparedQuery query;  // unless RuleFileOptions says otherwise
  absl::Duration hold;  // `for`
  absl::Duration keep_firing_for;
  std::vector<Label> labels;       // the rule's own, sorted by name; values may be empty
  std::vector<Label> annotations;  // sorted by name
  std::vector<AlertTemplate> templates;  // of both, parsed, in no order; of alerts only

  Place place, name_place, expr_place, labels_place, annotations_place;
};

struct GroupSpec {
  std::string file;  // identity together with the name: the path, for manifests that share a file
                     // with others "path#name"
  std::string name;
  absl::Duration interval;  // zero: the default
  std::optional<absl::Duration> query_offset;
  int64_t limit = 0;  // no limit where <= 0
  std::vector<Label> labels;
  std::vector<RuleSpec> rules;
  Place place, name_place;
};

struct RuleFile {
  std::string path;
  std::vector<GroupSpec> groups;
};

struct RuleFileOptions {
  engine::QueryOptions query;
  YamlLimits yaml;
  bool ignores_unknown_fields = false;
  TemplateLimits templates;
  // Without, expressions are checked all the same, but not prepared for evaluation.
  bool prepares_queries = true;
};

struct ParsedRuleFile {
  RuleFile file;                   // complete only when ok()
  std::vector<Diagnostic> errors;  // YAML problems, then in Prometheus' order
  std::vector<Diagnostic> warnings;
  bool is_empty = false;  // the file holds nothing, or comments only: no groups, as in Prometheus

  bool ok() const { return errors.empty(); }
  // InvalidArgument with one line per error.
  absl::Status ToStatus() const;
};

// `path` appears in messages and in the identity of the groups.
ParsedRuleFile ParseRuleFile(std::string_view path, std::string_view text,
                             const RuleFileOptions& options);

// A file that cannot be read is one error, in Go's words ("open x: no such file or directory").
ParsedRuleFile ReadRuleFile(const std::string& path, const RuleFileOptions& options);

// Labels of the group overridden by those of the rule, sorted by name; empty values stay, since
// they delete.
std::vector<Label> MergeRuleLabels(const std::vector<Label>& group, const std::vector<Label>& rule);

// Rules with the same name and labels, each reported once, sorted: promtool's default lint.
struct DuplicateRule {
  std::string name;
  Labels labels;
  std::vector<Place> places;
};
std::vector<DuplicateRule> FindDuplicateRules(const RuleFile& file);

// promtool's text, without "lint error ": "1 duplicate rule(s) found.\nMetric: ...".
std::string DescribeDuplicates(const std::vector<DuplicateRule>& duplicates);

}  // namespace sloburn::rules
