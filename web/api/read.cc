// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "engine/remote/read_answer.h"
#include "engine/remote/read_request.h"
#include "engine/remote/snappy_block.h"
#include "web/api/error_response.h"

namespace sloburn::web {
namespace {

constexpr const char* kStreamedType =
    "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

struct ReadCounters {
  std::atomic<int64_t> under_way{0}, series{0}, samples{0}, refused{0}, broken{0};

  void Add(const remote::ReadAnswerStats& stats) {
    series += stats.series;
    samples += stats.samples;
  }

  void Collect(std::vector<MetricFamily>& families) const {
    const auto add = [&](std::string_view name, std::string_view help, MetricType type,
                         int64_t value) {
      families.push_back(SingleMetric(name, help, type, static_cast<double>(value)));
    };
    add("sloburn_remote_read_handler_queries", "Requests to /api/v1/read that are being answered.",
        MetricType::kGauge, under_way);
    add("sloburn_remote_read_sent_series_total", "Series sent by /api/v1/read.",
        MetricType::kCounter, series);
    add("sloburn_remote_read_sent_samples_total", "Samples sent by /api/v1/read.",
        MetricType::kCounter, samples);
    add("sloburn_remote_read_refused_requests_total",
        "Requests to /api/v1/read answered with an error.", MetricType::kCounter, refused);
    add("sloburn_remote_read_broken_answers_total",
        "Streamed answers that ended early: the client had gone, or the store failed.",
        MetricType::kCounter, broken);
  }
};

// One request, from its decoding to the last byte of its answer.
class Read {
 public:
  explicit Read(std::shared_ptr<ReadCounters> counters) : counters_(std::move(counters)) {
    ++counters_->under_way;
  }
  ~Read() { --counters_->under_way; }
  Read(const Read&) = delete;
  Read& operator=(const Read&) = delete;

  Response Answer(const Request& request, const Dependencies& deps,
                  const std::shared_ptr<Read>& self) {
    const absl::StatusOr<remote::ReadRequest> decoded = Decode(request, deps.read_limits);
    if (!decoded.ok()) return Response::PlainError(400, MessageOf(decoded.status()));
    const auto type = remote::ChooseResponseType(decoded->accepted);
    if (!type.ok()) return Response::PlainError(400, MessageOf(type.status()));
    if (const absl::Status status = Prepare(request, *decoded, deps); !status.ok()) {
      return Response::PlainError(500, MessageOf(status));  // as Prometheus does
    }
    if (*type == remote::ReadResponseType::kSamples) return Sampled();
    Response response{200, {{"Content-Type", kStreamedType}}, ""};
    response.write_body = [self](const BodySink& sink) { return self->Streamed(sink); };
    return response;
  }

 private:
  static absl::StatusOr<remote::ReadRequest> Decode(const Request& request,
                                                    const ReadLimits& limits) {
    ASSIGN_OR_RETURN(const std::string message,
                     remote::SnappyDecompress(request.body, limits.max_decoded_bytes));
    return remote::DecodeReadRequest(message, {});
  }

  absl::Status Prepare(const Request& request, const remote::ReadRequest& decoded,
                       const Dependencies& deps) {
    if (deps.external_labels != nullptr) options_.external_labels = deps.external_labels();
    options_.max_samples = deps.read_limits.max_samples;
    options_.max_bytes = deps.max_response_bytes;
    options_.max_bytes_in_frame = deps.read_limits.max_bytes_in_frame;
    cancelled_ = request.cancelled;
    options_.cancelled = cancelled_.get();
    for (const remote::WireQuery& wire : decoded.queries) {
      ASSIGN_OR_RETURN(remote::ReadQuery query,
                       remote::ToReadQuery(wire, options_.external_labels));
      queries_.push_back(std::move(query));
    }
    snapshot_ = deps.storage->TakeSnapshot();
    return absl::OkStatus();
  }

  Response Sampled() {
    remote::ReadAnswerer answerer(*snapshot_, queries_, options_);
    absl::StatusOr<std::string> body = answerer.Sampled();
    if (!body.ok()) {
      const int status = absl::IsResourceExhausted(body.status()) ? 400 : 500;
      return Response::PlainError(status, MessageOf(body.status()));
    }
    counters_->Add(answerer.stats());
    return {200,
            {{"Content-Type", "application/x-protobuf"}, {"Content-Encoding", "snappy"}},
            *std::move(body)};
  }

  absl::Status Streamed(const BodySink& sink) {
    remote::ReadAnswerer answerer(*snapshot_, queries_, options_);
    const absl::Status status = answerer.Streamed(sink);
    counters_->Add(answerer.stats());
    if (!status.ok()) ++counters_->broken;
    return status;
  }

  const std::shared_ptr<ReadCounters> counters_;
  std::shared_ptr<std::atomic<bool>> cancelled_;
  remote::ReadAnswerOptions options_;
  std::vector<remote::ReadQuery> queries_;
  std::shared_ptr<const Snapshot> snapshot_;
};

}  // namespace

MetricsProvider AddRead(Router& router, const Dependencies& deps) {
  auto counters = std::make_shared<ReadCounters>();
  router.Add({"POST"}, "/api/v1/read", Lane::kRead, [&deps, counters](const Request& request) {
    const auto read = std::make_shared<Read>(counters);
    Response response = read->Answer(request, deps, read);
    if (response.status >= 400) {
      ++counters->refused;
      LogRefusal("Refused a remote read request", request, response);
    }
    return response;
  });
  return [counters](std::vector<MetricFamily>& families) { counters->Collect(families); };
}

}  // namespace sloburn::web
