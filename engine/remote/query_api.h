// SPDX-License-Identifier: Apache-2.0
// A client of Prometheus' query API (also that of Thanos, Mimir, VictoriaMetrics).
//
//   QueryApi api(client);
//   ASSIGN_OR_RETURN(QueryAnswer answer, api.Instant("sum(rate(x[5m]))", now_ms));
//
// Values are parsed from their text exactly; "NaN" gives Prometheus' ordinary NaN (the format has
// no other). Errors: those of HttpClient; InvalidArgument for bad_data, DeadlineExceeded for
// timeout, Cancelled for canceled, Unavailable for internal and unavailable, NotFound for
// not_found, ResourceExhausted where the server's limit on samples was met, FailedPrecondition for
// other execution errors, always with the server's words; DataLoss for an answer that is not of
// this API (an HTML page, cut JSON); Aborted for a partial answer (see below); Unimplemented for
// native histograms.
//
// Partial answers: Thanos and others answer from what they could reach and add `warnings`. A rule
// evaluated over half of the data is wrong, so such an answer is an Aborted error unless
// QueryApiOptions::accept_partial is set. Prometheus' own annotations ("PromQL warning: ...",
// "PromQL info: ...", "results truncated due to limit") are no sign of missing data: the former are
// passed on, the latter is an error.
// Threads: as HttpClient.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "engine/model/sample.h"
#include "engine/model/time_range.h"
#include "engine/remote/http_client.h"

namespace sloburn::remote {

struct QueryAnswer {
  QueryValue value;
  std::vector<std::string> warnings, infos;
  // Series with native histograms, which `value` leaves out.
  std::vector<Labels> histogram_series;
};

struct QueryApiOptions {
  bool accept_partial = false;
  bool skip_histograms = false;  // leave them to QueryAnswer::histogram_series: no error
  absl::Duration timeout = absl::ZeroDuration();  // sent as `timeout`; zero: the server's
};

// Reads an answer of /query or /query_range. `http_status` serves where the body is not JSON.
// Warnings are in the answer, not judged. Exposed for tests.
absl::StatusOr<QueryAnswer> ParseQueryAnswer(std::string_view body, int http_status);

class QueryApi {
 public:
  // `client` is borrowed.
  explicit QueryApi(HttpClient* client, QueryApiOptions options = {});

  // Every sample of `selector` in (time_ms - range_ms, time_ms]; no staleness markers. Series with
  // histograms are in histogram_series. `selector` is PromQL text without a range.
  absl::StatusOr<QueryAnswer> RangeSelector(std::string_view selector, int64_t range_ms,
                                            int64_t time_ms);

  absl::StatusOr<QueryAnswer> Instant(std::string_view query, int64_t time_ms);
  absl::StatusOr<QueryAnswer> Range(std::string_view query, const TimeRange& range);

 private:
  absl::StatusOr<QueryAnswer> Ask(std::string_view path, std::string form);

  HttpClient* const client_;
  const QueryApiOptions options_;
};

// Unix seconds with three decimals, as the API takes them.
std::string FormatSeconds(int64_t time_ms);

}  // namespace sloburn::remote
