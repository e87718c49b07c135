// SPDX-License-Identifier: Apache-2.0
// What becomes of a sample that comes after others of its series: accepted, ignored, or refused in
// Prometheus' words. Private to engine/storage. Threads: pure functions.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "engine/model/histogram.h"
#include "engine/model/sample.h"

namespace sloburn {

// A sample of a series that others are compared with.
struct Newest {
  int64_t timestamp_ms = 0;
  double value = 0;
  HistogramPtr histogram = nullptr;
};

// kIgnore is an equal duplicate.
enum class Verdict { kAccept, kIgnore, kOutOfOrder, kTooOld, kDuplicate };

Verdict Judge(const Newest& newest, int64_t timestamp_ms, double value,
              const HistogramPtr& histogram);

// REQUIRES: `verdict` refuses the sample.
absl::Status Refusal(Verdict verdict, const Newest& newest, int64_t timestamp_ms, double value,
                     const HistogramPtr& histogram);

// `histogram` with what the store knows of a reset before it: that there was none where it goes on
// with the buckets of the histogram before, as within a chunk of Prometheus; otherwise nothing.
HistogramPtr WithStoredHint(HistogramPtr histogram, const Newest& before, bool has_before);

}  // namespace sloburn
