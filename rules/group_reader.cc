// SPDX-License-Identifier: Apache-2.0
#include "rules/group_reader.h"

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "parser/source_range.h"

namespace sloburn::rules {
namespace {

const FieldSet& RuleFieldSet() {
  static const FieldSet* const kSet =
      new FieldSet{"rulefmt.Rule",
                   {"record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"},
                   {}};
  return *kSet;
}

FieldSet GroupFieldSet(bool is_manifest) {
  FieldSet set{
      "rulefmt.RuleGroup", {"name", "interval", "query_offset", "limit", "rules", "labels"}, {}};
  if (is_manifest) set.ignored = {"partial_response_strategy"};
  return set;
}

bool IsValidName(std::string_view name) { return !name.empty() && IsValidUtf8(name); }

std::vector<Label> PlainLabels(const std::vector<RuleFields::LabelEntry>& entries) {
  std::vector<Label> labels;
  for (const RuleFields::LabelEntry& entry : entries) labels.push_back(entry.label);
  return labels;
}

// Calls `report(place, message)` per problem.
template <typename Report>
void CheckLabels(const std::vector<RuleFields::LabelEntry>& entries, const Report& report) {
  for (const auto& [label, place] : entries) {
    if (!IsValidName(label.name) || label.name == kMetricName) {
      report(place, StrCat("invalid label name: ", label.name));
    }
    if (!IsValidUtf8(label.value)) report(place, StrCat("invalid label value: ", label.value));
  }
}

// The checks of one rule; each message gets the prefix that names the rule.
class RuleChecker {
 public:
  RuleChecker(const RuleSpec& rule, const RuleFields& fields, std::string prefix, FindingLog& log)
      : rule_(rule), fields_(fields), prefix_(std::move(prefix)), log_(log) {}

  // `record` and `alert` as decoded.
  void CheckKind(const std::string& record, const std::string& alert) {
    if (fields_.IsBroken("record") || fields_.IsBroken("alert")) return;
    if (!record.empty() && !alert.empty()) {
      Diagnostic& one =
          ErrorAt(fields_.PlaceOfField("record"), "only one of 'record' and 'alert' must be set");
      one.shown_places.push_back(fields_.PlaceOfField("alert"));
    }
    if (record.empty() && alert.empty()) {
      Diagnostic& one = ErrorAt(rule_.place, "one of 'record' or 'alert' must be set");
      const bool are_written =
          fields_.Find("record") != nullptr && fields_.Find("alert") != nullptr;
      if (are_written) {
        one.shown_places = {fields_.PlaceOfField("record"), fields_.PlaceOfField("alert")};
      }
    }
  }

  void CheckRecord(const std::string& record, bool has_annotations) {
    if (record.empty()) return;
    const Place place = fields_.PlaceOfField("record");
    const auto refuse_field = [&](std::string_view name) {
      Diagnostic& one = ErrorAt(place, StrCat("invalid field '", name, "' in recording rule"));
      one.place = fields_.PlaceOfField(name);
    };
    if (has_annotations) refuse_field("annotations");
    if (rule_.hold != absl::ZeroDuration()) refuse_field("for");
    if (rule_.keep_firing_for != absl::ZeroDuration()) refuse_field("keep_firing_for");
    if (!IsValidName(record)) ErrorAt(place, StrCat("invalid recording rule name: ", record));
    if (record.find_first_of("{}") != std::string::npos) {
      ErrorAt(place,
              StrCat("braces present in the recording rule name; should it be in expr?: ", record));
    }
  }

  // Prometheus shows these errors without a place.
  void CheckLabelsAndAnnotations(const std::vector<RuleFields::LabelEntry>& labels,
                                 const std::vector<RuleFields::LabelEntry>& annotations) {
    CheckLabels(labels, [&](Place place, std::string_view message) {
      log_.ErrorWithoutPlace(place, StrCat(prefix_, message));
    });
    for (const auto& [annotation, place] : annotations) {
      if (IsValidName(annotation.name)) continue;
      log_.ErrorWithoutPlace(place, StrCat(prefix_, "invalid annotation name: ", annotation.name));
    }
  }

  // Likewise. Returns the templates, parsed.
  std::vector<AlertTemplate> CheckTemplates(
      const std::vector<RuleFields::LabelEntry>& labels,
      const std::vector<RuleFields::LabelEntry>& annotations, const TemplateLimits& limits) {
    std::vector<AlertTemplate> templates;
    const auto check = [&](const std::vector<RuleFields::LabelEntry>& entries,
                           std::string_view kind) {
      for (const auto& [label, place] : entries) {
        if (label.value.find("{{") == std::string::npos) continue;
        templates.emplace_back(rule_.name, label.value, limits);
        const absl::Status& status = templates.back().status();
        if (status.ok()) continue;
        log_.ErrorWithoutPlace(place, StrCat(prefix_, kind, " ", GoQuote(label.name), ": ",
                                             std::string(status.message())));
      }
    };
    check(labels, "label");
    check(annotations, "annotation");
    return templates;
  }

 private:
  Diagnostic& ErrorAt(Place place, std::string_view message) {
    return log_.Error(place, StrCat(prefix_, message));
  }

  const RuleSpec& rule_;
  const RuleFields& fields_;
  const std::string prefix_;
  FindingLog& log_;
};

}  // namespace

void GroupReader::ReadGroups(const YamlNode& root, const std::string& file,
                             std::string_view go_type) {
  const bool is_manifest = go_type == "PrometheusRuleSpec";
  const FieldSet set{go_type, {"groups"}, {}};
  const RuleFields fields(root, set, options_.ignores_unknown_fields, log_);
  for (const YamlNode* node : ReadList(fields.Find("groups"), "[]rulefmt.RuleGroup", log_)) {
    ReadGroup(*node, file, is_manifest);
  }
}

void GroupReader::ReadGroup(const YamlNode& node, const std::string& file, bool is_manifest) {
  RuleFields fields(node, GroupFieldSet(is_manifest), options_.ignores_unknown_fields, log_);
  if (!fields.is_mapping()) return;
  GroupSpec group;
  group.file = file;
  group.place = PlaceOf(node);
  group.name_place = fields.PlaceOfField("name");
  group.name = fields.ReadString("name");
  group.interval = fields.ReadDuration("interval").value_or(absl::ZeroDuration());
  group.query_offset = fields.ReadDuration("query_offset");
  group.limit = fields.ReadInt("limit");
  const std::vector<RuleFields::LabelEntry> labels = fields.ReadLabels("labels");
  group.labels = PlainLabels(labels);
  CheckGroup(group, fields);
  CheckLabels(labels, [&](Place place, std::string message) {
    log_.ErrorWithoutPlace(place, std::move(message));
  });
  int number = 0;
  for (const YamlNode* rule : ReadList(fields.Find("rules"), "[]rulefmt.Rule", log_)) {
    group.rules.push_back(ReadRule(*rule, group.name, ++number));
  }
  groups_.push_back(std::move(group));
}

void GroupReader::CheckGroup(const GroupSpec& group, const RuleFields& fields) {
  if (group.name.empty() && !fields.IsBroken("name")) {
    log_.Error(group.place, "Groupname must not be empty");
  }
  if (!seen_.insert({group.file, group.name}).second) {
    log_.Error(group.place, StrCat("groupname: \"", group.name, "\" is repeated in the same file"));
  }
}

RuleSpec GroupReader::ReadRule(const YamlNode& node, const std::string& group, int number) {
  RuleSpec rule;
  rule.place = PlaceOf(node);
  RuleFields fields(node, RuleFieldSet(), options_.ignores_unknown_fields, log_);
  if (!fields.is_mapping()) return rule;
  const std::string record = fields.ReadString("record");
  const std::string alert = fields.ReadString("alert");
  rule.is_alerting = !alert.empty();
  rule.name = rule.is_alerting ? alert : record;
  rule.name_place = fields.PlaceOfField(rule.is_alerting ? "alert" : "record");
  rule.expr = fields.ReadString("expr");
  rule.expr_place = fields.PlaceOfField("expr");
  rule.hold = fields.ReadDuration("for").value_or(absl::ZeroDuration());
  rule.keep_firing_for = fields.ReadDuration("keep_firing_for").value_or(absl::ZeroDuration());
  const std::vector<RuleFields::LabelEntry> labels = fields.ReadLabels("labels");
  const std::vector<RuleFields::LabelEntry> annotations = fields.ReadLabels("annotations");
  rule.labels = PlainLabels(labels);
  rule.labels_place = fields.PlaceOfField("labels");
  rule.annotations = PlainLabels(annotations);
  rule.annotations_place = fields.PlaceOfField("annotations");

  const std::string prefix =
      StrCat("group ", GoQuote(group), ", rule ", number, ", ", GoQuote(rule.name), ": ");
  RuleChecker checker(rule, fields, prefix, log_);
  checker.CheckKind(record, alert);
  ReadExpr(fields, prefix, rule);
  checker.CheckRecord(record, !annotations.empty());
  checker.CheckLabelsAndAnnotations(labels, annotations);
  if (rule.is_alerting) {
    rule.templates = checker.CheckTemplates(labels, annotations, options_.templates);
  }
  return rule;
}

void GroupReader::ReadExpr(const RuleFields& fields, const std::string& prefix, RuleSpec& rule) {
  if (rule.expr.empty()) {
    if (!fields.IsBroken("expr")) {
      log_.Error(rule.expr_place, StrCat(prefix, "field 'expr' must be set in rule"));
    }
  } else if (const absl::Status status = PrepareQuery(rule); !status.ok()) {
    Diagnostic& one = log_.Error(
        rule.expr_place,
        StrCat(prefix, "could not parse expression: ", std::string(status.message())));
    if (const auto range = parser::RangeOf(status)) {
      const YamlPosition exact = stream_.Locate(*fields.Find("expr"), range->begin);
      one.place = {exact.line, exact.column};
    }
  }
}

absl::Status GroupReader::PrepareQuery(RuleSpec& rule) {
  if (!options_.prepares_queries) {
    return engine::Check(rule.expr, options_.query, &regexes_).status();
  }
  ASSIGN_OR_RETURN(rule.query, engine::Prepare(rule.expr, options_.query, &regexes_));
  return absl::OkStatus();
}

}  // namespace sloburn::rules
