// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_fields.h"

#include <algorithm>

#include "base/closest_word.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "parser/printer.h"

namespace sloburn::rules {
namespace {

struct ForeignField {
  std::string_view name;
  std::string_view owner;
};

// Keys of other programs' rule files, so that a user learns why theirs is refused.
constexpr ForeignField kForeignFields[] = {
    {"partial_response_strategy", "Thanos"},
    {"source_tenants", "Mimir"},
    {"align_evaluation_time_on_interval", "Mimir"},
    {"evaluation_delay", "Mimir"},
    {"concurrency", "vmalert"},
    {"debug", "vmalert"},
    {"eval_alignment", "vmalert"},
    {"eval_delay", "vmalert"},
    {"eval_offset", "vmalert"},
    {"extra_filter_labels", "vmalert"},
    {"headers", "vmalert"},
    {"notifier_headers", "vmalert"},
    {"params", "vmalert"},
    {"tenant", "vmalert"},
    {"type", "vmalert"},
    {"update_entries_limit", "vmalert"},
};

std::string HintForUnknown(std::string_view name, const std::vector<std::string_view>& known) {
  for (const ForeignField& foreign : kForeignFields) {
    if (foreign.name == name) return StrCat("a field of ", foreign.owner, ", not of Prometheus");
  }
  const std::string_view closest = ClosestWord(name, known);
  return closest.empty() ? "" : StrCat("did you mean ", GoQuote(closest), "?");
}

bool Contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string CannotUnmarshal(const YamlNode& node, std::string_view go_type) {
  return StrCat("cannot unmarshal ", node.Describe(), " into ", go_type);
}

}  // namespace

Place PlaceOf(const YamlNode& node) { return {node.line, node.column}; }

Diagnostic& FindingLog::Error(Place place, std::string message) {
  Diagnostic& one = ErrorWithoutPlace(place, std::move(message));
  one.shown_places = {place};
  return one;
}

Diagnostic& FindingLog::ErrorWithoutPlace(Place place, std::string message) {
  errors.push_back({Severity::kError, file_, place, {}, std::move(message), ""});
  return errors.back();
}

void FindingLog::Warning(Place place, std::string message) {
  warnings.push_back({Severity::kWarning, file_, place, {place}, std::move(message), ""});
}

std::vector<const YamlNode*> ReadList(const YamlNode* node, std::string_view go_type,
                                      FindingLog& log) {
  std::vector<const YamlNode*> list;
  if (node == nullptr || node->is_null()) return list;
  if (!node->is_sequence()) {
    log.Error(PlaceOf(*node), CannotUnmarshal(*node, go_type));
    return list;
  }
  for (const YamlNode* item : node->items) {
    if (!item->is_null()) list.push_back(item);
  }
  return list;
}

RuleFields::RuleFields(const YamlNode& node, const FieldSet& set, bool ignores_unknown,
                       FindingLog& log)
    : node_(node), log_(log) {
  if (node.is_mapping()) {
    CheckNames(set, ignores_unknown);
  } else if (!node.is_null()) {
    log.Error(PlaceOf(node), CannotUnmarshal(node, set.go_type));
  }
}

void RuleFields::CheckNames(const FieldSet& set, bool ignores_unknown) {
  for (const auto& [key, value] : node_.entries) {
    if (key->is_null()) continue;
    if (!key->is_scalar()) {
      log_.Error(PlaceOf(*key), CannotUnmarshal(*key, "string"));
      continue;
    }
    if (Contains(set.names, key->value)) continue;
    if (Contains(set.ignored, key->value)) {
      log_.Warning(PlaceOf(*key), StrCat("field ", key->value, " is ignored"));
    } else if (!ignores_unknown) {
      log_.Error(PlaceOf(*key), StrCat("field ", key->value, " not found in type ", set.go_type))
          .hint = HintForUnknown(key->value, set.names);
    }
  }
}

const YamlNode* RuleFields::Find(std::string_view name) const {
  return node_.is_mapping() ? node_.Find(name) : nullptr;
}

bool RuleFields::IsBroken(std::string_view name) const {
  return broken_.find(name) != broken_.end();
}

Place RuleFields::PlaceOfField(std::string_view name) const {
  const YamlNode* const value = Find(name);
  return PlaceOf(value != nullptr ? *value : node_);
}

void RuleFields::Break(std::string_view name, const YamlNode& node, std::string_view go_type) {
  broken_.insert(std::string(name));
  log_.Error(PlaceOf(node), CannotUnmarshal(node, go_type));
}

std::string RuleFields::ReadString(std::string_view name) {
  const YamlNode* const value = Find(name);
  if (value == nullptr) return "";
  std::optional<std::string> text = value->AsString();
  if (!text) Break(name, *value, "string");
  return std::move(text).value_or("");
}

int64_t RuleFields::ReadInt(std::string_view name) {
  const YamlNode* const value = Find(name);
  if (value == nullptr || value->is_null()) return 0;
  const std::optional<int64_t> number = value->AsInt();
  if (!number) Break(name, *value, "int");
  return number.value_or(0);
}

std::optional<absl::Duration> RuleFields::ReadDuration(std::string_view name) {
  const YamlNode* const value = Find(name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  const std::optional<std::string> text = value->AsString();
  if (!text) {
    Break(name, *value, "string");
    return std::nullopt;
  }
  const absl::StatusOr<int64_t> ms = parser::ParseDuration(*text);
  if (!ms.ok()) {
    broken_.insert(std::string(name));
    log_.Error(PlaceOf(*value), std::string(ms.status().message()));
    return std::nullopt;
  }
  return absl::Milliseconds(*ms);
}

std::vector<RuleFields::LabelEntry> RuleFields::ReadLabels(std::string_view name) {
  std::vector<LabelEntry> labels;
  const YamlNode* const value = Find(name);
  if (value == nullptr || value->is_null()) return labels;
  if (!value->is_mapping()) {
    Break(name, *value, "map[string]string");
    return labels;
  }
  for (const auto& [key, child] : value->entries) {
    if (key->is_null()) continue;
    const std::optional<std::string> key_text = key->AsString();
    const std::optional<std::string> child_text = child->AsString();
    if (!key_text) Break(name, *key, "string");
    if (!child_text) Break(name, *child, "string");
    if (key_text && child_text) labels.push_back({{*key_text, *child_text}, PlaceOf(*key)});
  }
  std::sort(labels.begin(), labels.end(),
            [](const LabelEntry& a, const LabelEntry& b) { return a.label.name < b.label.name; });
  return labels;
}

}  // namespace sloburn::rules
