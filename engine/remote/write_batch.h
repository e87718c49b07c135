// SPDX-License-Identifier: Apache-2.0
// Samples that go to an endpoint of remote write together, and how they are divided.
// Plain values. Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "engine/model/sample.h"

namespace sloburn::remote {

// The labels are final: with external labels, and relabelled.
struct WriteBatch {
  std::vector<SeriesSamples> series;  // each once; its samples in the order of their time
  size_t samples = 0;                 // in `series`, histograms included
  int64_t newest_ms = 0;              // 0 where there are none
  // The endpoint may have some of the samples: an answer was lost, or the process that sent them
  // ended before it had noted the answer.
  bool may_be_written = false;
};

// Adds a series and counts its samples; nothing where it has none.
void AddSeries(SeriesSamples series, WriteBatch& batch);

int64_t CountHistograms(const WriteBatch& batch);

// In two, none of them empty: by series, or by time where there is one series. The first goes out
// first. REQUIRES: batch.samples > 1, and no series with both kinds of samples.
std::pair<WriteBatch, WriteBatch> Halve(WriteBatch batch);

// In the order to send them: of each series the samples up to where its kind changes. A receiver
// may store all floats of a request before its histograms, and so find one of the kinds too late.
std::vector<WriteBatch> SplitByKind(WriteBatch batch);

// In the order to send them: the first sample of each series, then the second, and so on.
std::vector<WriteBatch> SplitByTick(WriteBatch batch);

// What RemoveSamples took out.
struct Removed {
  int64_t floats = 0, histograms = 0;
};

// Takes out the samples that `is_unwanted`, called with the time and the histogram (null for
// floats), is true of.
Removed RemoveSamples(
    WriteBatch& batch,
    absl::FunctionRef<bool(int64_t timestamp_ms, const HistogramPtr& histogram)> is_unwanted);

}  // namespace sloburn::remote
