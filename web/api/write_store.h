// SPDX-License-Identifier: Apache-2.0
// What becomes of a received remote write message: appended, judged, and answered for.
//
// 1.0 is all or nothing. Of 2.0 what is good is stored, and an answer of 400 tells what was not;
// anything that a repetition may mend is 500, and then nothing was stored.
// Threads: all functions may be called from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "engine/remote/prometheus_proto.h"
#include "web/dependencies.h"

namespace sloburn::web {

struct WriteOutcome {
  static WriteOutcome Refused(int status, const absl::Status& error);

  int status = 204;
  std::string error;  // the body of other statuses
  // Stored. Exemplars: taken and not kept.
  int64_t samples = 0, histograms = 0, exemplars = 0;
  // Left out: for their labels, or because the store has its largest number of series.
  int64_t invalid_series = 0, limited_series = 0;
};

// Samples with timestamps up to this are taken.
int64_t NewestAccepted(const Dependencies& deps);
absl::Status CheckNotTooNew(int64_t timestamp_ms, int64_t newest_ms);

// The sender repeats what got a 5xx and drops what got a 4xx.
int StatusOfAppendError(const absl::Status& status);

remote::ProtoLimits ProtoLimitsOf(const WriteLimits& limits);

WriteOutcome StoreWrite(std::string_view message, const Dependencies& deps);    // 1.0
WriteOutcome StoreWriteV2(std::string_view message, const Dependencies& deps);  // 2.0

}  // namespace sloburn::web
