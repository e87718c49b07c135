// SPDX-License-Identifier: Apache-2.0
// Samples -> a message of remote write 2.0, io.prometheus.write.v2.Request; the reverse is in
// write_request_v2.h. Threads: a pure function.
#pragma once

#include <string>
#include <vector>

#include "engine/model/sample.h"

namespace sloburn::remote {

// One TimeSeries for each series and kind of samples, floats first, in the order given; the symbols
// are "" and then each text once, in the order of use. Metadata, start timestamps and exemplars are
// absent: what rules record has none. Staleness markers keep their bits.
std::string EncodeWriteRequestV2(const std::vector<SeriesSamples>& series);

}  // namespace sloburn::remote
