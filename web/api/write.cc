// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/snappy_block.h"
#include "web/api/error_response.h"

namespace sloburn::web {
namespace {

constexpr std::string_view kMediaType = "application/x-protobuf";
constexpr std::string_view kVersion1 = "prometheus.WriteRequest";
constexpr std::string_view kVersion2 = "io.prometheus.write.v2.Request";

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

std::string_view TakeUntil(std::string_view& text, char end) {
  const size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return taken;
}

// The complaint about the Content-Type, or "" when it names remote write 1.0.
std::string ContentTypeError(std::string_view content_type) {
  std::string_view rest = content_type;
  if (rest.empty()) return "";
  if (TakeUntil(rest, ';') != kMediaType) {
    return StrCat("expected ", kMediaType, " as the first (media) part, got ", content_type,
                  " content-type");
  }
  while (!rest.empty()) {
    std::string_view value = TakeUntil(rest, ';');
    while (!value.empty() && value[0] == ' ') value.remove_prefix(1);
    if (TakeUntil(value, '=') != "proto" || value == kVersion1) continue;
    if (value == kVersion2) {
      return StrCat(value, " protobuf message is not accepted by this server; only accepts ",
                    kVersion1);
    }
    return StrCat("got ", content_type, " content type; unknown remote write protobuf message ",
                  value, ", supported: ", kVersion1);
  }
  return "";
}

absl::StatusOr<remote::WriteRequest> Decode(const Request& request, const WriteLimits& limits) {
  ASSIGN_OR_RETURN(const std::string message,
                   remote::SnappyDecompress(request.body, limits.max_decoded_bytes));
  remote::ProtoLimits proto_limits;
  proto_limits.max_samples = limits.max_samples;
  proto_limits.max_labels_per_series = limits.max_labels_per_series;
  ASSIGN_OR_RETURN(remote::WriteRequest decoded, remote::DecodeWriteRequest(message, proto_limits));
  return decoded;
}

struct AppendOutcome {
  int64_t samples = 0;
  int64_t refused_series = 0;  // over the store's limit
  std::string refusal;         // the store's text for the first of them
};

// Counts what was taken into `appended`.
absl::Status AppendSeries(const SeriesSamples& series, int64_t newest_ms, Appender& appender,
                          int64_t& appended) {
  const auto check_time = [newest_ms](int64_t timestamp_ms) {
    return timestamp_ms <= newest_ms
               ? absl::OkStatus()
               : absl::OutOfRangeError("out of bounds: timestamp is too far in the future");
  };
  for (const Sample& sample : series.samples) {
    RETURN_IF_ERROR(check_time(sample.timestamp_ms));
    RETURN_IF_ERROR(appender.Append(series.labels, sample.timestamp_ms, sample.value));
    ++appended;
  }
  for (const HistogramSample& sample : series.histograms) {
    RETURN_IF_ERROR(check_time(sample.timestamp_ms));
    RETURN_IF_ERROR(
        appender.AppendHistogram(series.labels, sample.timestamp_ms, sample.histogram));
    ++appended;
  }
  return absl::OkStatus();
}

// Stops at the first sample that cannot be stored; nothing is committed here. A series over the
// limit is left out instead: the samples of series that exist already shall not suffer.
absl::StatusOr<AppendOutcome> AppendAll(const remote::WriteRequest& request, int64_t newest_ms,
                                        Appender& appender) {
  AppendOutcome outcome;
  for (const SeriesSamples& series : request.series) {
    const absl::Status status = AppendSeries(series, newest_ms, appender, outcome.samples);
    if (absl::IsResourceExhausted(status)) {
      if (outcome.refused_series++ == 0) outcome.refusal = MessageOf(status);
      continue;
    }
    RETURN_IF_ERROR(status);
  }
  return outcome;
}

// The sender repeats what got a 5xx and drops what got a 4xx.
int StatusOfAppendError(const absl::Status& status) {
  return absl::IsOutOfRange(status) || absl::IsAlreadyExists(status) ||
                 absl::IsInvalidArgument(status)
             ? 400
             : 500;
}

Response Store(const remote::WriteRequest& request, const Dependencies& deps,
               WriteCounters& counters) {
  const std::unique_ptr<Appender> appender = deps.storage->NewAppender();
  const int64_t newest_ms = absl::ToUnixMillis(deps.clock->Now() + deps.write_limits.max_ahead);
  const absl::StatusOr<AppendOutcome> outcome = AppendAll(request, newest_ms, *appender);
  if (!outcome.ok()) {
    return Response::PlainError(StatusOfAppendError(outcome.status()), MessageOf(outcome.status()));
  }
  if (const absl::Status status = appender->Commit(); !status.ok()) {
    return Response::PlainError(StatusOfAppendError(status), MessageOf(status));
  }
  counters.samples += outcome->samples;
  counters.invalid_series += request.invalid_series;
  counters.refused_series += outcome->refused_series;
  if (outcome->refused_series == 0) return Response::NoContent();
  return Response::PlainError(
      400, StrCat(outcome->refusal, "; left out ", outcome->refused_series, " series"));
}

Response Receive(const Request& request, const Dependencies& deps, WriteCounters& counters) {
  if (!deps.enable_remote_write_receiver) {
    return Response::PlainError(
        404, "remote write receiver needs to be enabled with --web.enable-remote-write-receiver");
  }
  if (const std::string error = ContentTypeError(request.FindHeader("Content-Type"));
      !error.empty()) {
    return Response::PlainError(415, error);
  }
  const std::string_view encoding = request.FindHeader("Content-Encoding");
  if (!encoding.empty() && encoding != "snappy") {
    return Response::PlainError(415, StrCat(encoding,
                                            " encoding (compression) is not accepted by "
                                            "this server; only snappy is acceptable"));
  }
  absl::StatusOr<remote::WriteRequest> decoded = Decode(request, deps.write_limits);
  if (!decoded.ok()) return Response::PlainError(400, MessageOf(decoded.status()));
  if (decoded->invalid_series > 0) {
    Log(LogLevel::kDebug, "Received series with invalid labels",
        {{"remote", request.remote_address},
         {"first", decoded->first_invalid},
         {"series", StrCat(decoded->invalid_series)}});
  }
  if (deps.metadata != nullptr) {
    for (remote::WrittenMetadata& one : decoded->metadata) {
      if (one.metric.empty()) continue;
      deps.metadata->Put(one.metric, {std::string(remote::MetricTypeName(one.type)),
                                      std::move(one.help), std::move(one.unit)});
    }
  }
  return Store(*decoded, deps, counters);
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
