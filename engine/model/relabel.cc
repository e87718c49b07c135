// SPDX-License-Identifier: Apache-2.0
#include "engine/model/relabel.h"

#include <openssl/evp.h>
#include <re2/re2.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/model/expand_template.h"
#include "engine/model/matcher.h"

namespace sloburn {
namespace {

constexpr std::string_view kNames[] = {"replace",   "keep",      "drop",     "keepequal",
                                       "dropequal", "hashmod",   "labelmap", "labeldrop",
                                       "labelkeep", "lowercase", "uppercase"};

bool IsOneOf(RelabelAction action, std::initializer_list<RelabelAction> actions) {
  return std::find(actions.begin(), actions.end(), action) != actions.end();
}

// The second half of the MD5 digest as a big-endian number; nullopt where MD5 is forbidden.
std::optional<uint64_t> HashOf(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_md5(), nullptr) != 1) {
    return std::nullopt;
  }
  uint64_t hash = 0;
  for (int i = 8; i < 16; ++i) hash = hash << 8 | digest[i];
  return hash;
}

absl::Status CheckTarget(const RelabelConfig& config) {
  using enum RelabelAction;
  const std::string_view action = RelabelActionName(config.action);
  const bool writes_target =
      IsOneOf(config.action, {kReplace, kHashMod, kLowercase, kUppercase, kKeepEqual, kDropEqual});
  if (!writes_target) return absl::OkStatus();
  if (config.target_label.empty()) {
    return absl::InvalidArgumentError(
        StrCat("relabel configuration for ", action, " action requires 'target_label' value"));
  }
  if (!IsValidLabelName(config.target_label)) {
    return absl::InvalidArgumentError(
        StrCat(GoQuote(config.target_label), " is invalid 'target_label' for ", action, " action"));
  }
  return absl::OkStatus();
}

absl::Status Check(const RelabelConfig& config) {
  using enum RelabelAction;
  static const auto* const kDefaults = new RelabelConfig();
  const std::string_view action = RelabelActionName(config.action);
  if (config.modulus == 0 && config.action == kHashMod) {
    return absl::InvalidArgumentError(
        "relabel configuration for hashmod requires non-zero modulus");
  }
  RETURN_IF_ERROR(CheckTarget(config));
  if (IsOneOf(config.action, {kLowercase, kUppercase, kKeepEqual, kDropEqual}) &&
      config.replacement != kDefaults->replacement) {
    return absl::InvalidArgumentError(
        StrCat("'replacement' can not be set for ", action, " action"));
  }
  if (config.action == kLabelMap && !IsValidLabelName(config.replacement)) {
    return absl::InvalidArgumentError(
        StrCat(GoQuote(config.replacement), " is invalid 'replacement' for ", action, " action"));
  }
  const bool has_extras = config.modulus != kDefaults->modulus ||
                          config.separator != kDefaults->separator ||
                          config.replacement != kDefaults->replacement;
  if (IsOneOf(config.action, {kKeepEqual, kDropEqual}) &&
      (has_extras || config.regex != kDefaults->regex)) {
    return absl::InvalidArgumentError(StrCat(
        action, " action requires only 'source_labels' and `target_label`, and no other fields"));
  }
  if (IsOneOf(config.action, {kLabelDrop, kLabelKeep}) &&
      (has_extras || !config.source_labels.empty() || !config.target_label.empty())) {
    return absl::InvalidArgumentError(
        StrCat(action, " action requires only 'regex', and no other fields"));
  }
  if (config.action == kHashMod && !HashOf("")) {
    return absl::FailedPreconditionError(
        "action hashmod needs MD5, which this system's OpenSSL does not allow (FIPS mode)");
  }
  return absl::OkStatus();
}

bool Matches(const re2::RE2& regex, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex);
}

}  // namespace

std::string_view RelabelActionName(RelabelAction action) {
  return kNames[static_cast<size_t>(action)];
}

std::optional<RelabelAction> ParseRelabelAction(std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(name));
  const auto found = std::find(std::begin(kNames), std::end(kNames), lower);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<RelabelAction>(found - std::begin(kNames));
}

absl::StatusOr<RelabelRule> RelabelRule::Create(RelabelConfig config) {
  RETURN_IF_ERROR(Check(config));
  ASSIGN_OR_RETURN(auto regex, CompileRegex(StrCat("^(?s:", config.regex, ")$")));
  return RelabelRule(std::move(config), std::move(regex));
}

// The label set between two rules.
class Relabelling {
 public:
  explicit Relabelling(const Labels& labels) : unchanged_(labels.ToPairs()) {}

  // False: the set is dropped.
  bool Apply(const RelabelRule& rule);
  bool is_changed() const { return is_changed_; }
  Labels Build() const { return Labels::FromPairs(Pairs()); }

 private:
  // Where labelmap gives two labels one name, the one that comes later here wins.
  std::vector<Label> Pairs() const {
    std::vector<Label> pairs = unchanged_;
    pairs.insert(pairs.end(), set_.begin(), set_.end());
    return pairs;
  }
  std::string_view Get(std::string_view name) const;
  void Set(std::string_view name, std::string_view value);
  void Delete(std::string_view name);
  std::string JoinSources(const RelabelConfig& config) const;
  void Replace(const RelabelRule& rule, std::string_view value);
  void MapNames(const RelabelRule& rule);
  void DeleteNames(const RelabelRule& rule, bool where_matched);

  std::vector<Label> unchanged_;
  std::vector<Label> set_;  // in the order in which they were first set
  bool is_changed_ = false;
};

std::string_view Relabelling::Get(std::string_view name) const {
  for (const std::vector<Label>* labels : {&set_, &unchanged_}) {
    for (const Label& label : *labels) {
      if (label.name == name) return label.value;
    }
  }
  return {};
}

void Relabelling::Set(std::string_view name, std::string_view value) {
  if (value.empty()) return Delete(name);
  if (name.empty()) return;
  is_changed_ = true;
  for (Label& label : set_) {
    if (label.name != name) continue;
    label.value = value;
    return;
  }
  std::erase_if(unchanged_, [name](const Label& label) { return label.name == name; });
  set_.push_back({std::string(name), std::string(value)});
}

void Relabelling::Delete(std::string_view name) {
  const auto has_name = [name](const Label& label) { return label.name == name; };
  if (std::erase_if(unchanged_, has_name) + std::erase_if(set_, has_name) > 0) is_changed_ = true;
}

std::string Relabelling::JoinSources(const RelabelConfig& config) const {
  std::string joined;
  for (size_t i = 0; i < config.source_labels.size(); ++i) {
    if (i > 0) joined += config.separator;
    joined += Get(config.source_labels[i]);
  }
  return joined;
}

void Relabelling::Replace(const RelabelRule& rule, std::string_view value) {
  const std::vector<std::string_view> groups = MatchGroups(*rule.regex_, value);
  if (groups.empty()) return;
  const std::string target = ExpandTemplate(rule.config_.target_label, groups, *rule.regex_);
  if (!IsValidLabelName(target)) return;
  Set(target, ExpandTemplate(rule.config_.replacement, groups, *rule.regex_));
}

void Relabelling::MapNames(const RelabelRule& rule) {
  for (const Label& label : Pairs()) {
    const std::vector<std::string_view> groups = MatchGroups(*rule.regex_, label.name);
    if (groups.empty()) continue;
    Set(ExpandTemplate(rule.config_.replacement, groups, *rule.regex_), label.value);
  }
}

void Relabelling::DeleteNames(const RelabelRule& rule, bool where_matched) {
  for (const Label& label : Pairs()) {
    if (Matches(*rule.regex_, label.name) == where_matched) Delete(label.name);
  }
}

bool Relabelling::Apply(const RelabelRule& rule) {
  const RelabelConfig& config = rule.config_;
  const std::string value = JoinSources(config);
  switch (config.action) {
    case RelabelAction::kKeep:
      return Matches(*rule.regex_, value);
    case RelabelAction::kDrop:
      return !Matches(*rule.regex_, value);
    case RelabelAction::kKeepEqual:
      return Get(config.target_label) == value;
    case RelabelAction::kDropEqual:
      return Get(config.target_label) != value;
    case RelabelAction::kReplace:
      Replace(rule, value);
      break;
    case RelabelAction::kHashMod:
      Set(config.target_label, absl::StrCat(HashOf(value).value_or(0) % config.modulus));
      break;
    case RelabelAction::kLabelMap:
      MapNames(rule);
      break;
    case RelabelAction::kLabelDrop:
      DeleteNames(rule, /*where_matched=*/true);
      break;
    case RelabelAction::kLabelKeep:
      DeleteNames(rule, /*where_matched=*/false);
      break;
    case RelabelAction::kLowercase:
      Set(config.target_label, ToLowerUtf8(value));
      break;
    case RelabelAction::kUppercase:
      Set(config.target_label, ToUpperUtf8(value));
      break;
  }
  return true;
}

std::optional<Labels> Relabel(const Labels& labels, const std::vector<RelabelRule>& rules) {
  if (rules.empty()) return labels;
  Relabelling relabelling(labels);
  for (const RelabelRule& rule : rules) {
    if (!relabelling.Apply(rule)) return std::nullopt;
  }
  return relabelling.is_changed() ? relabelling.Build() : labels;
}

}  // namespace sloburn
