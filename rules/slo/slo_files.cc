// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_files.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "rules/file_patterns.h"
#include "rules/selector_union.h"
#include "rules/slo/spec_sloth.h"

namespace sloburn::rules {
namespace {

std::string PlaceOf(const Slo& slo) { return StrCat(slo.file, ":", slo.line, ":", slo.column); }

// Within a file the reader has reported them.
void ReportRepeated(const std::vector<Slo>& slos, std::vector<std::string>& errors) {
  std::map<std::pair<std::string, std::string>, const Slo*> first;
  for (const Slo& slo : slos) {
    const auto [place, is_new] = first.emplace(std::pair(slo.service, slo.name), &slo);
    if (is_new) continue;
    errors.push_back(StrCat(PlaceOf(slo), ": SLO \"", slo.name, "\" of service \"", slo.service,
                            "\" is defined at ", PlaceOf(*place->second),
                            " already; give one of them another name"));
  }
}

}  // namespace

absl::StatusOr<std::vector<Slo>> ReadSloFiles(const std::vector<std::string>& patterns,
                                              const SloFileOptions& options) {
  ASSIGN_OR_RETURN(const std::set<std::string> paths,
                   ExpandFilePatterns(patterns, options.max_files, "SLO files"));
  std::vector<Slo> slos;
  std::vector<std::string> errors;
  for (const std::string& path : paths) {
    absl::StatusOr<std::vector<Slo>> read = ReadSloFile(path, options.query);
    if (!read.ok()) {
      errors.emplace_back(read.status().message());
      continue;
    }
    for (Slo& slo : *read) slos.push_back(std::move(slo));
  }
  ReportRepeated(slos, errors);
  if (!errors.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors, "\n"));
  if (slos.size() > options.max_slos) {
    return absl::ResourceExhaustedError(StrCat("slo_files hold ", slos.size(), " SLOs; at most ",
                                               options.max_slos, " are evaluated"));
  }
  return slos;
}

std::vector<engine::PreparedQuery::Selector> SelectorsOf(const std::vector<Slo>& slos,
                                                         const engine::QueryOptions& query) {
  SelectorUnion all;
  for (const Slo& slo : slos) {
    std::set<absl::Duration> windows(BurnRateWindows().begin(), BurnRateWindows().end());
    windows.insert(slo.window);
    for (const absl::Duration window : windows) {
      const auto prepared = engine::Prepare(slo.ErrorRatio(window), query);
      // The same text was good for the SLO's window when its file was read.
      if (!prepared.ok()) continue;
      for (const auto& selector : prepared->selectors()) all.Add(selector, 0);
    }
  }
  return all.Take();
}

}  // namespace sloburn::rules
