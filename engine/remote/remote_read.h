// SPDX-License-Identifier: Apache-2.0
// A client of Prometheus' remote read (/api/v1/read), with streamed XOR chunks where the server has
// them and the SAMPLES answer otherwise.
//
// Series are handed over one by one, so memory stays at one series (streamed), whatever the answer
// holds. Staleness markers keep their bits. Prometheus adds its external_labels to the series.
// Threads: as HttpClient.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/model/sample.h"
#include "engine/remote/http_client.h"
#include "engine/remote/prometheus_proto.h"

namespace sloburn::remote {

struct RemoteReadOptions {
  bool accept_streamed = true;
  size_t max_frame_bytes = 50 << 20;
  size_t max_decoded_bytes = 512 << 20;  // of a SAMPLES answer
  absl::Duration total_timeout = absl::Minutes(10);
  // max_samples: of a SAMPLES answer, or of one series, where a histogram counts as several.
  ProtoLimits limits = {};
};

struct ReadSeries {
  size_t query_index = 0;
  Labels labels;
  // In time order, each timestamp once, all within the query's range.
  std::vector<Sample> samples = {};
  std::vector<HistogramSample> histograms = {};
  // Not OK where some of its chunks had to be left out: of an encoding that is not known
  // (Unimplemented), or histograms that make no sense.
  absl::Status status = {};
};

// An error ends the read and is returned.
using SeriesReceiver = std::function<absl::Status(ReadSeries)>;

struct ReadStats {
  bool is_streamed = false;
  int64_t frames = 0, chunks = 0, series = 0, bytes = 0;
  int64_t samples = 0;  // histograms included
};

class RemoteReader {
 public:
  // `client` is borrowed; its URL is the server's, `path` is added.
  explicit RemoteReader(HttpClient* client, RemoteReadOptions options = {},
                        std::string path = "/api/v1/read");

  // Several queries go in one request; their series come query by query.
  // Errors: those of HttpClient; Unimplemented where the server has no remote read (404, 405, 415,
  // 501, or a 400 that says so); ResourceExhausted where a limit of the server or ours was met:
  // ask for less; DataLoss for an answer that is broken or cut (series that came before it were
  // handed over already).
  // The whole read ends within `total_timeout`; zero: the option's.
  absl::StatusOr<ReadStats> Read(const std::vector<ReadQuery>& queries,
                                 const SeriesReceiver& receive,
                                 absl::Duration total_timeout = absl::ZeroDuration());

 private:
  absl::Status ReadSampled(const HttpResponse& response, const std::vector<ReadQuery>& queries,
                           const SeriesReceiver& receive, ReadStats& stats) const;
  absl::Status ToStatus(const HttpResponse& response) const;

  HttpClient* const client_;
  const RemoteReadOptions options_;
  const std::string path_;
};

}  // namespace sloburn::remote
