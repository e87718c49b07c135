// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/str_cat.h"
#include "engine/remote/snappy_block.h"
#include "engine/remote/write_message.h"
#include "web/api/endpoints.h"
#include "web/api/error_response.h"
#include "web/api/write_store.h"

namespace sloburn::web {
namespace {

using remote::WriteMessage;

struct WriteCounters {
  std::atomic<int64_t> samples{0}, invalid_series{0}, refused_requests{0}, refused_series{0};

  void Collect(std::vector<MetricFamily>& families) const {
    const auto add = [&](std::string_view name, std::string_view help, int64_t value) {
      families.push_back(
          SingleMetric(name, help, MetricType::kCounter, static_cast<double>(value)));
    };
    add("sloburn_remote_write_received_samples_total", "Samples stored by /api/v1/write.", samples);
    add("sloburn_remote_write_invalid_series_total",
        "Received series left out because of their labels.", invalid_series);
    add("sloburn_remote_write_limited_series_total",
        "Received series left out because the store has its largest number of series.",
        refused_series);
    add("sloburn_remote_write_refused_requests_total",
        "Requests to /api/v1/write answered with an error.", refused_requests);
  }
};

Response Answer(const WriteOutcome& outcome, WriteMessage message, WriteCounters& counters) {
  counters.samples += outcome.samples + outcome.histograms;
  counters.invalid_series += outcome.invalid_series;
  counters.refused_series += outcome.limited_series;
  Response response = outcome.status == 204 ? Response::NoContent()
                                            : Response::PlainError(outcome.status, outcome.error);
  // A sender of 1.0 would take the counts for those of another protocol.
  if (message == WriteMessage::kVersion2) {
    const auto tell = [&response](std::string_view what, int64_t count) {
      response.SetHeader(StrCat("X-Prometheus-Remote-Write-", what, "-Written"), StrCat(count));
    };
    tell("Samples", outcome.samples);
    tell("Histograms", outcome.histograms);
    tell("Exemplars", outcome.exemplars);
  }
  return response;
}

Response Receive(const Request& request, const Dependencies& deps, WriteCounters& counters) {
  if (!deps.enable_remote_write_receiver) {
    return Response::PlainError(
        404, "remote write receiver needs to be enabled with --web.enable-remote-write-receiver");
  }
  const std::string_view encoding = request.FindHeader("Content-Encoding");
  if (!encoding.empty() &&
      !absl::EqualsIgnoreCase(absl::string_view(encoding.data(), encoding.size()), "snappy")) {
    return Response::PlainError(415, StrCat(encoding,
                                            " encoding (compression) is not accepted by "
                                            "this server; only snappy is acceptable"));
  }
  const auto type = remote::WriteMessageOf(request.FindHeader("Content-Type"));
  if (!type.ok()) return Response::PlainError(415, MessageOf(type.status()));
  const std::vector<WriteMessage>& accepted = deps.accepted_write_messages;
  if (std::find(accepted.begin(), accepted.end(), *type) == accepted.end()) {
    return Response::PlainError(
        415, StrCat(remote::WriteMessageName(*type),
                    " protobuf message is not accepted by this server; only accepts ",
                    remote::WriteMessageNames(accepted)));
  }
  const absl::StatusOr<std::string> message =
      remote::SnappyDecompress(request.body, deps.write_limits.max_decoded_bytes);
  if (!message.ok()) return Response::PlainError(400, MessageOf(message.status()));
  return Answer(
      *type == WriteMessage::kVersion2 ? StoreWriteV2(*message, deps) : StoreWrite(*message, deps),
      *type, counters);
}

}  // namespace

MetricsProvider AddWrite(Router& router, const Dependencies& deps) {
  auto counters = std::make_shared<WriteCounters>();
  router.Add({"POST"}, "/api/v1/write", Lane::kWrite, [&deps, counters](const Request& request) {
    Response response = Receive(request, deps, *counters);
    if (response.status >= 400) {
      ++counters->refused_requests;
      LogRefusal("Refused a remote write request", request, response);
    }
    return response;
  });
  return [counters](std::vector<MetricFamily>& families) { counters->Collect(families); };
}

}  // namespace sloburn::web
