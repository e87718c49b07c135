// SPDX-License-Identifier: Apache-2.0
// Native histograms as Histogram messages, which are the same in remote write 1.0, 2.0 and remote
// read but for the start timestamp, which only 2.0 has.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "absl/status/status.h"
#include "engine/model/sample.h"

namespace sloburn::remote {

// With float counts.
void WriteHistogram(protozero::pbf_writer& message, const HistogramSample& sample);

struct WrittenHistogram {
  HistogramSample sample;  // without a histogram where it is not valid
  int64_t start_ms = 0;    // when it began to count; 0: unknown
  absl::Status verdict;    // InvalidArgument, in Prometheus' words, for what is no valid histogram
};

// Integer and float counts. Resolutions finer than schema 8 are reduced to it. Throws protozero's
// exceptions.
WrittenHistogram ReadHistogram(protozero::pbf_reader message);

}  // namespace sloburn::remote
