// SPDX-License-Identifier: Apache-2.0
// What one commit adds, as bytes: docs/formats/journal.md.
//
//   version:byte crc:u32 series...
//   series = id:varint (samples << 1 | is_chunk):varint body
//   body of a chunk  = size:varint bytes (chunk.md)
//   body of others   = for each sample is_integer:byte, its time less that of the sample before it in
//                      the record (signed varint), then the integer as signed varint, or the
//                      double's 8 bytes
//
// The checksum is over all that follows it. A series may stand more than once. Threads: pure functions.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "engine/storage/commit_log.h"

namespace sloburn {

std::string EncodeJournalRecord(const std::vector<CommittedSeries>& commit);

// Calls `visit` with the samples of each series in order. DataLoss where the record is damaged; what
// was visited before that is right.
absl::Status DecodeJournalRecord(
    std::string_view record, const std::function<void(uint32_t id, const SampleView&)>& visit);

}  // namespace sloburn
