// SPDX-License-Identifier: Apache-2.0
// Remembers which time of which selector was loaded from a source, beside the samples themselves.
//
//   ASSIGN_OR_RETURN(std::vector<CoveredTime> known, store.OpenCoverage("http://prometheus:9090/"));
//   ... samples are committed ...
//   RETURN_IF_ERROR(store.WriteCoverage({{selector, from_ms, to_ms}}));
//
// A time must be written only after its samples are: then a process that ends in between asks for
// them once more, and nothing is missed. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sloburn {

// All that the source has for `selector` in (from_ms, to_ms] is in the store.
struct CoveredTime {
  std::string selector;
  int64_t from_ms = 0, to_ms = 0;

  friend bool operator==(const CoveredTime&, const CoveredTime&) = default;
};

class CoverageStore {
 public:
  virtual ~CoverageStore() = default;

  // What is known of `source`, a text that says what was loaded and how. What was loaded from any
  // other is forgotten. WriteCoverage is about this source from then on.
  virtual absl::StatusOr<std::vector<CoveredTime>> OpenCoverage(std::string_view source) = 0;

  // Replaces what is known of these selectors; an empty time forgets it. All or nothing.
  virtual absl::Status WriteCoverage(const std::vector<CoveredTime>& times) = 0;
};

}  // namespace sloburn
