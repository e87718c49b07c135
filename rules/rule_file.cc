// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_file.h"

#include <algorithm>
#include <tuple>

#include "base/read_file.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "rules/group_reader.h"
#include "rules/rule_fields.h"

namespace sloburn::rules {
namespace {

constexpr std::string_view kRuleKind = "PrometheusRule";
constexpr std::string_view kRuleApiVersion = "monitoring.coreos.com/v1";

bool IsManifest(const YamlNode& root) {
  return root.is_mapping() && root.Find("apiVersion") != nullptr && root.Find("kind") != nullptr;
}

std::string TextOf(const YamlNode& mapping, std::string_view key) {
  const YamlNode* const value = mapping.is_mapping() ? mapping.Find(key) : nullptr;
  return value == nullptr ? "" : value->AsString().value_or("");
}

// The manifests of kind PrometheusRule below `root`, lists opened.
void CollectManifests(const YamlNode& root, FindingLog& log, std::vector<const YamlNode*>& found) {
  if (root.is_null()) return;
  if (!IsManifest(root)) {
    log.Error(PlaceOf(root), "not a Kubernetes object: apiVersion and kind must be set");
    return;
  }
  const std::string kind = TextOf(root, "kind");
  if (kind == "List" || kind == StrCat(kRuleKind, "List")) {
    const YamlNode* const items = root.Find("items");
    for (const YamlNode* item : ReadList(items, "a list of objects", log)) {
      CollectManifests(*item, log, found);
    }
  } else if (kind == kRuleKind) {
    found.push_back(&root);
  } else {
    log.Warning(PlaceOf(root), StrCat("object of kind ", GoQuote(kind), " is passed over"));
  }
}

// What tells the groups of this manifest from those of others in the file.
std::string ManifestName(const YamlNode& manifest) {
  const YamlNode* const metadata = manifest.Find("metadata");
  if (metadata == nullptr) return "";
  const std::string space = TextOf(*metadata, "namespace");
  const std::string name = TextOf(*metadata, "name");
  return space.empty() ? name : StrCat(space, "/", name);
}

void ReadManifest(const YamlNode& manifest, const std::string& identity, GroupReader& reader,
                  FindingLog& log) {
  const std::string version = TextOf(manifest, "apiVersion");
  if (version != kRuleApiVersion) {
    log.Error(PlaceOf(*manifest.Find("apiVersion")),
              StrCat("apiVersion ", GoQuote(version), " is not supported; use ",
                     GoQuote(kRuleApiVersion)));
  }
  const YamlNode* const spec = manifest.Find("spec");
  if (spec == nullptr) {
    log.Error(PlaceOf(manifest), "field 'spec' must be set in PrometheusRule");
    return;
  }
  reader.ReadGroups(*spec, identity, "PrometheusRuleSpec");
}

void ReadManifests(const YamlStream& stream, const std::string& path, GroupReader& reader,
                   FindingLog& log) {
  std::vector<const YamlNode*> manifests;
  for (const YamlNode* root : stream.documents()) CollectManifests(*root, log, manifests);
  if (!stream.trailing_error().ok()) {
    log.ErrorWithoutPlace({}, std::string(stream.trailing_error().message()));
  }
  for (const YamlNode* manifest : manifests) {
    const bool is_alone = manifests.size() == 1;
    ReadManifest(*manifest, is_alone ? path : StrCat(path, "#", ManifestName(*manifest)), reader,
                 log);
  }
}

void ReadPlain(const YamlStream& stream, const std::string& path, GroupReader& reader,
               FindingLog& log) {
  if (stream.documents().size() > 1 || !stream.trailing_error().ok()) {
    Place second{1, 1};
    if (stream.documents().size() > 1) second = PlaceOf(*stream.documents()[1]);
    log.Warning(second,
                "Multiple document yaml rules files are not supported, only the first document is "
                "processed");
  }
  if (!stream.documents().empty()) {
    reader.ReadGroups(*stream.documents().front(), path, "rulefmt.RuleGroups");
  }
}

}  // namespace

absl::Status ParsedRuleFile::ToStatus() const {
  return ok() ? absl::OkStatus() : absl::InvalidArgumentError(JoinDiagnostics(errors));
}

ParsedRuleFile ParseRuleFile(std::string_view path, std::string_view text,
                             const RuleFileOptions& options) {
  ParsedRuleFile parsed;
  parsed.file.path = std::string(path);
  FindingLog log(parsed.file.path);
  std::vector<YamlProblem> problems;
  const absl::StatusOr<YamlStream> stream = ParseYaml(text, options.yaml, &problems);
  if (!stream.ok()) {
    // The message begins with its place.
    log.ErrorWithoutPlace({}, std::string(stream.status().message()));
    parsed.errors = std::move(log.errors);
    return parsed;
  }
  // Inner mappings are checked before outer ones.
  std::sort(problems.begin(), problems.end(), [](const YamlProblem& a, const YamlProblem& b) {
    return std::tie(a.position.line, a.position.column) <
           std::tie(b.position.line, b.position.column);
  });
  for (const YamlProblem& problem : problems) {
    log.Error({problem.position.line, problem.position.column}, problem.message);
  }
  parsed.is_empty = stream->documents().empty();
  GroupReader reader(*stream, options, log);
  const bool is_manifest = !stream->documents().empty() && IsManifest(*stream->documents()[0]);
  if (is_manifest) {
    ReadManifests(*stream, parsed.file.path, reader, log);
  } else {
    ReadPlain(*stream, parsed.file.path, reader, log);
  }
  parsed.file.groups = reader.TakeGroups();
  parsed.errors = std::move(log.errors);
  parsed.warnings = std::move(log.warnings);
  return parsed;
}

ParsedRuleFile ReadRuleFile(const std::string& path, const RuleFileOptions& options) {
  const absl::StatusOr<std::string> text = ReadFile(path, options.yaml.max_bytes);
  if (text.ok()) return ParseRuleFile(path, *text, options);
  ParsedRuleFile failed;
  failed.file.path = path;
  failed.errors.push_back(
      {Severity::kError, path, {}, {}, std::string(text.status().message()), ""});
  return failed;
}

}  // namespace sloburn::rules
