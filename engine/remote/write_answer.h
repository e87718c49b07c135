// SPDX-License-Identifier: Apache-2.0
// What the answer to a remote-write request says. Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "engine/remote/http_client.h"

namespace sloburn::remote {

// The X-Prometheus-Remote-Write-*-Written headers of remote write 2.0. What is missing or is no
// number counts as 0.
struct WrittenCounts {
  bool is_told = false;  // at least one of the headers is there
  int64_t samples = 0;   // floats
  int64_t histograms = 0;
};

WrittenCounts ReadWrittenCounts(const HttpResponse& response);

// Of `refused` samples, as many as the words of the answer, one line for each, call out of order or
// duplicates: samples that a receiver has, or that it has newer ones than, are refused so. All of
// them where no line says something else.
int64_t CountKnown(std::string_view words, int64_t refused);

// The pause that a Retry-After value asks for (seconds, or an HTTP date); nullopt for nonsense.
std::optional<absl::Duration> ParseRetryAfter(std::string_view value, absl::Time now);

}  // namespace sloburn::remote
