// SPDX-License-Identifier: Apache-2.0
// Reads a StoredSeries as it was at one time: its samples, or facts about windows from the summaries
// of its chunks. Owns what it reads. Threads: one at a time.
#pragma once

#include <memory>

#include "engine/storage/storage.h"
#include "engine/storage/stored_series.h"

namespace sloburn {

// Samples after `limit_ms` are out of sight.
std::unique_ptr<SeriesReader> MakeStoredSeriesReader(Labels labels, SeriesView view,
                                                     int64_t limit_ms);

}  // namespace sloburn
