// SPDX-License-Identifier: Apache-2.0
// SLO files in the shape that Sloth users know (version "prometheus/v1"), with one key more:
// `window` per SLO.
//
//   version: "prometheus/v1"
//   service: "gateway"
//   slos:
//     - name: "availability"
//       objective: 99.9
//       window: 30d                      # optional
//       sli:
//         events:
//           error_query: 'sum(rate(errors_total[{{.window}}]))'
//           total_query: 'sum(rate(requests_total[{{.window}}]))'
//         # or   raw: {error_ratio_query: '...[{{.window}}]...'}
//
// The keys `alerting` and `labels` are accepted; alerts come from the rule packs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/engine.h"
#include "rules/slo/slo.h"

namespace sloburn::rules {

// All problems at once, one per line: `FILE:LINE:COL: MESSAGE`. Queries are checked.
absl::StatusOr<std::vector<Slo>> ParseSloFile(std::string_view path, std::string_view text,
                                              const engine::QueryOptions& query);
absl::StatusOr<std::vector<Slo>> ReadSloFile(const std::string& path,
                                             const engine::QueryOptions& query);

}  // namespace sloburn::rules
