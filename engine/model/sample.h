// SPDX-License-Identifier: Apache-2.0
// Samples and series as values: what is appended to a store, written by remote write, and what a
// query returns. All timestamps are Unix milliseconds.
//
// A sample is a float or a native histogram. Histograms are immutable once made, and shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/model/labels.h"

namespace sloburn {

struct Histogram;  // engine/model/histogram.h
using HistogramPtr = std::shared_ptr<const Histogram>;

struct Sample {
  int64_t timestamp_ms = 0;
  double value = 0;
};

struct HistogramSample {
  int64_t timestamp_ms = 0;
  HistogramPtr histogram = nullptr;
};

// One sample of one series. With a histogram, `value` has no meaning.
struct SeriesSample {
  Labels labels;
  int64_t timestamp_ms = 0;
  double value = 0;
  HistogramPtr histogram = nullptr;
};

struct SeriesSamples {
  Labels labels;
  std::vector<Sample> samples;  // the floats
  std::vector<HistogramSample> histograms = {};

  bool empty() const { return samples.empty() && histograms.empty(); }
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
