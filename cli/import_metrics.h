// SPDX-License-Identifier: Apache-2.0
// `sloburn import`: samples of a text file -> remote write.
//
// The file is read line by line and sent while it is read: memory is that of the requests that
// wait. The first error of the file, and the first refusal of the server, end the import; what was
// sent before stays sent.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/openmetrics/metrics_text_parser.h"
#include "engine/remote/remote_write.h"

namespace sloburn::cli {

struct ImportOptions {
  remote::RemoteWriterOptions writer = {};
  openmetrics::MetricsTextFormat format = openmetrics::MetricsTextFormat::kOpenMetrics;
  size_t max_line_bytes = 1 << 20;
  // The import ends where the server takes nothing for so long.
  absl::Duration patience = absl::Minutes(1);
};

struct ImportProgress {
  int64_t bytes = 0;         // read
  int64_t samples_sent = 0;  // and accepted
};

// `name` is the file's, for messages; `on_progress` is called now and then. Errors: InvalidArgument
// "NAME:LINE:COLUMN: cause"; Unavailable where the file cannot be read or the server takes nothing;
// FailedPrecondition where it refuses samples.
absl::StatusOr<ImportProgress> ImportMetrics(
    std::FILE* file, const std::string& name, const ImportOptions& options,
    const std::function<void(const ImportProgress&)>& on_progress);

}  // namespace sloburn::cli
