// SPDX-License-Identifier: Apache-2.0
// How many samples a query has looked at; see engine/exec/sample_tally.h for what counts.
#pragma once

#include <cstdint>
#include <vector>

namespace sloburn::engine {

struct QuerySamples {
  struct Step {
    int64_t timestamp_ms, samples;
  };

  int64_t queryable = 0;
  int64_t read = 0;
  int64_t peak = 0;  // held at once, as --query.max-samples counts
  std::vector<Step> queryable_by_step, read_by_step;  // where they were asked for
};

}  // namespace sloburn::engine
