// SPDX-License-Identifier: Apache-2.0
// The statistics of a query: its times and the samples it looked at.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "engine/query_samples.h"

namespace sloburn::web {

struct QueryTimings {
  absl::Duration queue, prepare, evaluate;
};

// {"timings":{...},"samples":{...}}
void AppendStatsJson(std::string& out, const QueryTimings& timings,
                     const engine::QuerySamples& samples);

}  // namespace sloburn::web
