// SPDX-License-Identifier: Apache-2.0
#include "cli/config_relabel.h"

#include <optional>

#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn::cli {
namespace {

// As in Prometheus, a key without a value is not the default but the empty text.
void ReadText(ConfigFields& fields, std::string_view key, std::string& text) {
  const YamlNode* const node = fields.Find(key);
  if (node != nullptr && node->is_null()) {
    text.clear();
  } else {
    fields.Read(key, text);
  }
}

void ReadSourceLabels(ConfigFields& fields, ConfigLog& log, std::vector<std::string>& names) {
  const YamlNode* const node = fields.Find("source_labels");
  if (node == nullptr || node->is_null()) return;
  if (!node->is_sequence()) return log.Error(*node, "source_labels must be a list of label names");
  for (const YamlNode* item : node->items) {
    const std::optional<std::string> name = item->AsString();
    if (name && IsValidLabelName(*name)) {
      names.push_back(*name);
    } else {
      log.Error(*item, StrCat(GoQuote(name.value_or("")), " is not a valid label name"));
    }
  }
}

// Reports what is wrong with the action; true where it can be gone on with.
bool ReadAction(ConfigFields& fields, RelabelAction& action) {
  std::string name(RelabelActionName(action));
  ReadText(fields, "action", name);
  const std::optional<RelabelAction> known = ParseRelabelAction(name);
  if (known) {
    action = *known;
    return true;
  }
  const YamlNode* const node = fields.Find("action");
  fields.Error("action", node->is_null() ? "relabel action cannot be empty"
                                      : StrCat("unknown relabel action ", GoQuote(name),
                                               "; use replace, keep, drop, keepequal, dropequal, "
                                               "hashmod, labelmap, labeldrop, labelkeep, lowercase "
                                               "or uppercase"));
  return false;
}

std::optional<RelabelRule> ReadRule(const YamlNode& node, ConfigLog& log) {
  RelabelConfig config;
  ConfigFields fields(&node, "a relabelling rule", log);
  ReadSourceLabels(fields, log, config.source_labels);
  ReadText(fields, "separator", config.separator);
  ReadText(fields, "regex", config.regex);
  int64_t modulus = 0;
  fields.Read("modulus", modulus, 0);
  config.modulus = static_cast<uint64_t>(modulus);
  ReadText(fields, "target_label", config.target_label);
  ReadText(fields, "replacement", config.replacement);
  const bool has_action = ReadAction(fields, config.action);
  fields.Finish({});
  if (!has_action || !node.is_mapping()) return std::nullopt;
  absl::StatusOr<RelabelRule> rule = RelabelRule::Create(std::move(config));
  if (rule.ok()) return *std::move(rule);
  const std::string message(rule.status().message());
  if (message.starts_with("error parsing regexp")) {
    fields.Error("regex", message);
  } else {
    log.Error(node, message);
  }
  return std::nullopt;
}

}  // namespace

void ReadRelabelRules(ConfigFields& fields, std::string_view key, std::string_view empty_message,
                      ConfigLog& log, std::vector<RelabelRule>& rules) {
  const YamlNode* const node = fields.Find(key);
  if (node == nullptr || node->is_null()) return;
  if (!node->is_sequence()) return log.Error(*node, StrCat(key, " must be a list"));
  for (const YamlNode* item : node->items) {
    if (item->is_null()) {
      log.Error(*item, empty_message);
      continue;
    }
    if (std::optional<RelabelRule> rule = ReadRule(*item, log)) rules.push_back(*std::move(rule));
  }
}

}  // namespace sloburn::cli
