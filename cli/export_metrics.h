// SPDX-License-Identifier: Apache-2.0
// `sloburn export`: series of a server -> OpenMetrics text.
//
// The names of the metrics come first, from the server's label values; then some metrics at a time
// are read by remote read, streamed where the server can, or one by one from its query API where it
// has no remote read. Memory is that of one series (streamed), of some metrics (sampled), or of one
// metric (query API).
// Staleness markers are left out, and so are native histograms, which the text cannot hold.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/model/matcher.h"
#include "engine/remote/http_client.h"

namespace sloburn::cli {

struct ExportOptions {
  std::string match;  // a selector, as the server is asked for names; `matchers` is the same
  Matchers matchers;
  int64_t start_ms = 0, end_ms = 0;  // both inclusive
};

struct ExportProgress {
  size_t metrics = 0, metrics_done = 0;
  int64_t series = 0, samples = 0;
  int64_t histogram_series = 0;    // native histograms, left out
  int64_t markers = 0;             // staleness markers, left out
  bool by_query_api = false;
};

using TextSink = std::function<absl::Status(std::string_view)>;

// Errors: those of the client and of `sink`. The text is complete only where there is none: then it
// ends with # EOF.
absl::StatusOr<ExportProgress> ExportMetrics(
    remote::HttpClient& client, const ExportOptions& options, const TextSink& sink,
    const std::function<void(const ExportProgress&)>& on_progress);

}  // namespace sloburn::cli
