// SPDX-License-Identifier: Apache-2.0
// Runs test scripts against the engine, with the upstream runner's settings: delayed name removal,
// all feature flags, 10,000 samples, lookback 5m. Every instant case also runs pinned by @ at
// other times and as a range query around its time.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "engine/plan/plan_options.h"
#include "engine/storage/sealed_chunks.h"

namespace sloburn::cli {

// kBoth: every query runs with the optimising passes on the samples as kept, and without them on
// samples in memory as they came; a difference of one bit between the two (1e-9 for the deviations
// over time) fails the case.
enum class PlanPasses { kOn, kOff, kBoth };

struct PromqltestOptions {
  bool is_verbose = false;  // show each failure
  PlanPasses plan_passes = PlanPasses::kOn;
  engine::PlanOptions::ChunkSummaries chunk_summaries =
      engine::PlanOptions::ChunkSummaries::kWhereCheaper;
  size_t chunk_samples = ChunkSizes().samples;
  bool is_on_disk = false;  // script_storage.h
  int threads = 1;          // per query, however small
  int max_nesting = 500;
};

// Prints "FILE: P passed, F failed" per file and the total at the end. Returns the exit code:
// 0, or 1 when a case failed or a file cannot be read, parsed or loaded.
int RunPromqltest(const std::vector<std::string>& files, const PromqltestOptions& options,
                  std::ostream& out);

}  // namespace sloburn::cli
