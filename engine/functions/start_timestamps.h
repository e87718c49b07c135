// SPDX-License-Identifier: Apache-2.0
// What start timestamps tell about resets (Prometheus' isStartTimestampReset and
// checkStartTimeOverlap).
#pragma once

#include <cstdint>

namespace sloburn::engine {

// A sample and when it began to count; 0: unknown.
struct SampleSpan {
  int64_t start_ms = 0;
  int64_t timestamp_ms = 0;
};

// Whether counting began anew between two samples. One that began exactly at the sample before is
// a delta; but a series whose starts are not known has them there too.
inline bool IsStartReset(const SampleSpan& before, const SampleSpan& now) {
  if (now.start_ms == 0 || now.start_ms >= now.timestamp_ms) return false;
  if (now.start_ms != before.timestamp_ms) return now.start_ms > before.timestamp_ms;
  if (before.start_ms > before.timestamp_ms) return false;
  return before.start_ms != 0 && before.start_ms != before.timestamp_ms;
}

// Whether `now` began before the sample before it, without being its continuation.
inline bool StartOverlaps(const SampleSpan& before, const SampleSpan& now) {
  return now.start_ms != 0 && now.start_ms < before.timestamp_ms &&
         now.start_ms != before.start_ms;
}

}  // namespace sloburn::engine
