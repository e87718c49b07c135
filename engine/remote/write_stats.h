// SPDX-License-Identifier: Apache-2.0
// The figures of one endpoint of remote write. A plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace sloburn::remote {

// How long requests took, retries included, in Prometheus' buckets.
struct DurationHistogram {
  static constexpr std::array<double, 15> kBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                                     2.5,   5,    10,    25,   60,  120,  300};
  std::array<int64_t, kBounds.size()> counts = {};  // of each bucket, not cumulative
  int64_t count = 0;                                // slower ones included
  double sum_seconds = 0;

  void Observe(absl::Duration duration) {
    const double seconds = absl::ToDoubleSeconds(duration);
    ++count;
    sum_seconds += seconds;
    for (size_t i = 0; i < kBounds.size(); ++i) {
      if (seconds <= kBounds[i]) {
        ++counts[i];
        return;
      }
    }
  }
};

// What `samples_` counts are floats and native histograms, of which `histograms_` are the latter.
struct RemoteWriteStats {
  std::string url;                     // redacted
  int64_t samples_sent = 0;            // accepted
  int64_t samples_failed = 0;          // refused
  int64_t samples_retried = 0;         // each time that they were sent again
  int64_t samples_dropped = 0;         // by the owner of the sender, before they were sent
  int64_t samples_relabelled_away = 0;  // by write_relabel_configs, the same
  int64_t samples_pending = 0;         // waiting or under way
  int64_t samples_written_before = 0;  // refused, because the endpoint had them
  int64_t samples_too_old = 0;         // dropped by sample_age_limit
  int64_t histograms_sent = 0;
  int64_t histograms_failed = 0;
  int64_t histograms_retried = 0;
  int64_t histograms_pending = 0;  // under way
  int64_t histograms_written_before = 0;
  int64_t histograms_too_old = 0;
  int64_t histograms_not_sent = 0;     // dropped, for want of send_native_histograms
  int64_t histograms_unsupported = 0;  // dropped: custom buckets, which 1.0 does not know
  int64_t requests = 0;
  int64_t bytes_sent = 0;            // compressed
  int64_t highest_ms = 0;            // newest timestamp that came
  int64_t highest_sent_ms = 0;       // newest timestamp that was accepted
  int64_t capacity = 0;              // of the owner's queue, in samples; 0: not told
  int64_t max_samples_per_send = 0;  // 0: not told
  DurationHistogram request_durations;
  std::string last_error;  // "" where the last request succeeded
  absl::Time last_success_time = absl::InfinitePast();
};

}  // namespace sloburn::remote
