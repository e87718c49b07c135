// SPDX-License-Identifier: Apache-2.0
// Thirty days of an API gateway's metrics, made up but always the same: a daily rhythm, two
// incidents, pod restarts (counter resets) and gaps, every 15 s.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "engine/storage/storage.h"

namespace sloburn::cli {

struct TrafficOptions {
  int64_t end_ms = 0;  // of the last sample
  int days = 30;
  int64_t step_ms = 15'000;
};

// Appends about 60 series. The later incident ends at end_ms, so that alerts are on.
absl::Status GenerateTraffic(const TrafficOptions& options, Storage& storage);

}  // namespace sloburn::cli
