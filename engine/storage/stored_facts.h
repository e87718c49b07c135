// SPDX-License-Identifier: Apache-2.0
// Facts about windows of a stored series: summaries of whole chunks, and the samples of the two
// chunks that a window's edges cut. Chunks that were decoded are kept from window to window.
// Private to engine/storage. Threads: one.
#pragma once

#include <memory>

#include "engine/storage/storage.h"
#include "engine/storage/stored_series.h"

namespace sloburn {

// Null where the summaries cannot tell `kinds`. `view` must outlive it. `is_single`: of one window
// only, for which chunks are not decoded to their end.
std::unique_ptr<FactsReader> MakeStoredFacts(const SeriesView& view, int64_t limit_ms,
                                             uint32_t kinds, bool is_single);

}  // namespace sloburn
