// SPDX-License-Identifier: Apache-2.0
// Native histograms as prometheus.Histogram messages, in remote write 1.0 and remote read.
#pragma once

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "absl/status/statusor.h"
#include "engine/model/sample.h"

namespace sloburn::remote {

// With float counts.
void WriteHistogram(protozero::pbf_writer& message, const HistogramSample& sample);

// Integer and float counts. Resolutions finer than schema 8 are reduced to it. Errors:
// InvalidArgument for what is no valid histogram. Throws protozero's exceptions.
absl::StatusOr<HistogramSample> ReadHistogram(protozero::pbf_reader message);

}  // namespace sloburn::remote
