// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/spec_sloth.h"

#include <algorithm>
#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/float_text.h"
#include "base/read_file.h"
#include "base/status_macros.h"
#include "base/yaml.h"
#include "parser/printer.h"

namespace sloburn::rules {
namespace {

constexpr size_t kMaxFileBytes = 4 << 20;

class SpecReader {
 public:
  SpecReader(std::string_view path, const engine::QueryOptions& query)
      : path_(path), query_(query) {}

  absl::StatusOr<std::vector<Slo>> Read(const YamlNode& root) {
    if (!root.is_mapping()) {
      Report(root, "expected a mapping with the keys version, service and slos");
    } else {
      CheckKeys(root, {"version", "service", "labels", "slos"});
      const std::string version = Text(root, "version", true);
      if (!version.empty() && version != "prometheus/v1") {
        Report(*root.Find("version"), "unknown version; expected \"prometheus/v1\"");
      }
      service_ = Text(root, "service", true);
      ReadSlos(root);
    }
    if (!errors_.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors_, "\n"));
    return std::move(slos_);
  }

 private:
  void Report(const YamlNode& node, const std::string& message) {
    errors_.push_back(absl::StrCat(path_, ":", node.line, ":", node.column, ": ", message));
  }

  void CheckKeys(const YamlNode& mapping, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : mapping.entries) {
      if (std::find(known.begin(), known.end(), key->value) != known.end()) continue;
      Report(*key, absl::StrCat("unknown key \"", key->value, "\""));
    }
  }

  std::string Text(const YamlNode& mapping, std::string_view key, bool is_required) {
    const YamlNode* const node = mapping.Find(key);
    const auto text = node != nullptr ? node->AsString() : std::optional<std::string>();
    if (text && !text->empty()) return *text;
    if (is_required) {
      Report(node != nullptr ? *node : mapping,
             absl::StrCat("the key \"", std::string(key), "\" is missing or empty"));
    }
    return "";
  }

  void ReadSlos(const YamlNode& root) {
    const YamlNode* const list = root.Find("slos");
    if (list == nullptr || !list->is_sequence()) {
      return Report(list != nullptr ? *list : root, "the key \"slos\" must hold a list");
    }
    for (const YamlNode* item : list->items) {
      if (item->is_mapping()) {
        ReadSlo(*item);
      } else {
        Report(*item, "an SLO must be a mapping");
      }
    }
  }

  void ReadSlo(const YamlNode& node) {
    CheckKeys(node, {"name", "objective", "window", "description", "labels", "sli", "alerting"});
    Slo slo;
    slo.service = service_;
    slo.file = path_;
    slo.line = node.line;
    slo.column = node.column;
    slo.name = Text(node, "name", true);
    slo.description = Text(node, "description", false);
    const auto percent = ParseGoFloat(Text(node, "objective", true));
    if (!percent || !(*percent > 0 && *percent < 100)) {
      Report(node, "objective must be a percentage between 0 and 100, such as 99.9");
    } else {
      // 99.9 / 100 is not the double nearest to 0.999; its text with another exponent is.
      slo.objective = ParseGoFloat(FormatFloatF(*percent) + "e-2").value_or(*percent / 100);
    }
    ReadWindow(node, slo);
    for (const Slo& other : slos_) {
      if (other.name == slo.name) Report(node, absl::StrCat("SLO \"", slo.name, "\" is repeated"));
    }
    ReadIndicator(node, slo);
    slos_.push_back(std::move(slo));
  }

  void ReadWindow(const YamlNode& node, Slo& slo) {
    const std::string text = Text(node, "window", false);
    if (text.empty()) return;
    const auto ms = parser::ParseDuration(text);
    if (!ms.ok() || *ms <= 0) {
      return Report(*node.Find("window"), "window must be a positive duration, such as 30d");
    }
    slo.window = absl::Milliseconds(*ms);
  }

  void ReadIndicator(const YamlNode& node, Slo& slo) {
    const YamlNode* const sli = node.Find("sli");
    if (sli == nullptr || !sli->is_mapping()) return Report(node, "the key \"sli\" is missing");
    CheckKeys(*sli, {"events", "raw"});
    const YamlNode* const events = sli->Find("events");
    const YamlNode* const raw = sli->Find("raw");
    if ((events == nullptr) == (raw == nullptr)) {
      return Report(*sli, "sli needs either \"events\" or \"raw\"");
    }
    const YamlNode& chosen = events != nullptr ? *events : *raw;
    if (!chosen.is_mapping()) return Report(chosen, "expected a mapping");
    if (events != nullptr) {
      CheckKeys(chosen, {"error_query", "total_query"});
      slo.error_query = ReadQuery(chosen, "error_query", slo.window);
      slo.total_query = ReadQuery(chosen, "total_query", slo.window);
    } else {
      CheckKeys(chosen, {"error_ratio_query"});
      slo.error_ratio_query = ReadQuery(chosen, "error_ratio_query", slo.window);
    }
  }

  std::string ReadQuery(const YamlNode& mapping, std::string_view key, absl::Duration window) {
    Slo probe;
    probe.error_ratio_query = Text(mapping, key, true);
    if (probe.error_ratio_query.empty()) return "";
    const auto query = engine::Prepare(probe.ErrorRatio(window), query_);
    if (!query.ok()) {
      Report(*mapping.Find(key), std::string(query.status().message()));
    } else if (query->type() != engine::ValueType::kInstantVector &&
               query->type() != engine::ValueType::kScalar) {
      Report(*mapping.Find(key), "the query must give an instant vector or a scalar");
    }
    return probe.error_ratio_query;
  }

  const std::string path_;
  const engine::QueryOptions& query_;
  std::string service_;
  std::vector<Slo> slos_;
  std::vector<std::string> errors_;
};

}  // namespace

absl::StatusOr<std::vector<Slo>> ParseSloFile(std::string_view path, std::string_view text,
                                              const engine::QueryOptions& query) {
  const auto stream = ParseYaml(text);
  if (!stream.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(path), ":", std::string(stream.status().message())));
  }
  const absl::Status& trailing_error = stream->trailing_error();
  if (!trailing_error.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(path), ":", std::string(trailing_error.message())));
  }
  const auto& documents = stream->documents();
  if (documents.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(path), ":1:1: the file is empty"));
  }
  if (documents.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(path), ":", documents[1]->line, ":", documents[1]->column,
                     ": only one YAML document is allowed; put all SLOs of a service in one list"));
  }
  return SpecReader(path, query).Read(*documents[0]);
}

absl::StatusOr<std::vector<Slo>> ReadSloFile(const std::string& path,
                                             const engine::QueryOptions& query) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxFileBytes));
  return ParseSloFile(path, text, query);
}

}  // namespace sloburn::rules
