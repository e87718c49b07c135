// SPDX-License-Identifier: Apache-2.0
// The fixed data that generated queries are evaluated over.
#pragma once

#include "engine/storage/memory_storage.h"

namespace sloburn {

// 30 minutes of counters with resets (c), gauges with NaN, infinities and staleness markers (g),
// native and classic histograms (h, h_bucket), a mix of histograms and floats (m), gaps (gappy) and
// target_info. Loaded at the first call.
const MemoryStorage& FuzzData();

}  // namespace sloburn
