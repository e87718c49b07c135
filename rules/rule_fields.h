// SPDX-License-Identifier: Apache-2.0
// The fields of one YAML mapping, decoded as Go's yaml.v3 decodes them into Prometheus' structs:
// same verdicts, same words. Private to the reading of rule files.
//
// A field that cannot be decoded is reported, keeps its default, and is marked as broken, so that
// later checks do not complain about it again.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/yaml.h"
#include "engine/model/labels.h"
#include "rules/diagnostic.h"

namespace sloburn::rules {

// Collects the findings of one file.
class FindingLog {
 public:
  explicit FindingLog(std::string file) : file_(std::move(file)) {}

  // Shown with its place.
  Diagnostic& Error(Place place, std::string message);
  // Shown without a place, as Prometheus shows it.
  Diagnostic& ErrorWithoutPlace(Place place, std::string message);
  void Warning(Place place, std::string message);

  std::vector<Diagnostic> errors, warnings;

 private:
  std::string file_;
};

Place PlaceOf(const YamlNode& node);

// The elements of a list; null elements are dropped. `go_type` is the list's type in messages.
std::vector<const YamlNode*> ReadList(const YamlNode* node, std::string_view go_type,
                                      FindingLog& log);

struct FieldSet {
  std::string_view go_type;  // "rulefmt.Rule"
  std::vector<std::string_view> names;
  std::vector<std::string_view> ignored;  // accepted with a warning
};

class RuleFields {
 public:
  // Reports what is not a mapping and, unless `ignores_unknown`, unknown fields.
  RuleFields(const YamlNode& node, const FieldSet& set, bool ignores_unknown, FindingLog& log);

  bool is_mapping() const { return node_.is_mapping(); }
  // The field's value, or nullptr where it is absent.
  const YamlNode* Find(std::string_view name) const;
  bool IsBroken(std::string_view name) const;
  // Where the field's value stands; where it is absent, where the mapping does.
  Place PlaceOfField(std::string_view name) const;

  std::string ReadString(std::string_view name);
  int64_t ReadInt(std::string_view name);
  std::optional<absl::Duration> ReadDuration(std::string_view name);

  struct LabelEntry {
    Label label;
    Place place;  // of the name
  };
  std::vector<LabelEntry> ReadLabels(std::string_view name);

 private:
  void CheckNames(const FieldSet& set, bool ignores_unknown);
  void Break(std::string_view name, const YamlNode& node, std::string_view go_type);

  const YamlNode& node_;
  FindingLog& log_;
  std::set<std::string, std::less<>> broken_;
};

}  // namespace sloburn::rules
