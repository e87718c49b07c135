// SPDX-License-Identifier: Apache-2.0
// All SLOs of the configuration's `slo_files`, and what their queries read.
//
//   ASSIGN_OR_RETURN(std::vector<Slo> slos, ReadSloFiles(config.slo_files, options));
//   for (const auto& selector : SelectorsOf(slos, options.query)) ...
//
// Plain values; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/engine.h"
#include "rules/slo/slo.h"

namespace sloburn::rules {

struct SloFileOptions {
  engine::QueryOptions query;
  size_t max_files = 1'000;
  size_t max_slos = 1'000;  // in all files
};

// Patterns as of rule files: paths with * ? []; one without a match is no error. In order of the
// files' paths, then as written. All problems of all files at once, one per line:
// `FILE:LINE:COL: MESSAGE`; a service may have each SLO name once.
// Errors: InvalidArgument, ResourceExhausted, Unavailable.
absl::StatusOr<std::vector<Slo>> ReadSloFiles(const std::vector<std::string>& patterns,
                                              const SloFileOptions& options);

// The selectors of all burn windows and of each SLO's own window, one entry per set of matchers:
// to evaluate at T, a store must hold [T - oldest_ms, T - newest_ms].
std::vector<engine::PreparedQuery::Selector> SelectorsOf(const std::vector<Slo>& slos,
                                                         const engine::QueryOptions& query);

}  // namespace sloburn::rules
