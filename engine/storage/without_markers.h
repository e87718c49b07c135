// SPDX-License-Identifier: Apache-2.0
// Samples without the staleness markers among them: what ranges and summaries are about.
//
// Threads: pure function.
#pragma once

#include "engine/storage/storage.h"

namespace sloburn {

// `view` itself where there is no marker; otherwise a copy in `kept`, valid until that is used again.
SampleView WithoutMarkers(const SampleView& view, SampleBuffer& kept);

}  // namespace sloburn
