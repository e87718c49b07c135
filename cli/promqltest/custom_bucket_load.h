// SPDX-License-Identifier: Apache-2.0
// load_with_nhcb: of each classic histogram that is loaded also a native one with custom buckets.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "cli/promqltest/script.h"
#include "engine/model/sample.h"

namespace sloburn::cli {

// The native histograms of the classic ones in `load`. Errors: InvalidArgument, where buckets do
// not make a histogram.
absl::StatusOr<std::vector<SeriesSamples>> CustomBucketHistograms(const LoadCommand& load);

}  // namespace sloburn::cli
