// SPDX-License-Identifier: Apache-2.0
// Samples and series as values: what is appended to a store, written by remote write, and what a
// query returns. All timestamps are Unix milliseconds.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "engine/model/labels.h"

namespace sloburn {

struct Sample {
  int64_t timestamp_ms = 0;
  double value = 0;
};

// One sample of one series.
struct SeriesSample {
  Labels labels;
  int64_t timestamp_ms = 0;
  double value = 0;
};

struct SeriesSamples {
  Labels labels;
  std::vector<Sample> samples;
};

using InstantVector = std::vector<SeriesSample>;
using Matrix = std::vector<SeriesSamples>;

struct ScalarResult {
  int64_t timestamp_ms = 0;
  double value = 0;
};

struct StringResult {
  int64_t timestamp_ms = 0;
  std::string value;
};

using QueryValue = std::variant<ScalarResult, StringResult, InstantVector, Matrix>;

}  // namespace sloburn
