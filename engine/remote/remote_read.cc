// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/remote_read.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/model/histogram.h"
#include "engine/remote/chunked_frames.h"
#include "engine/remote/snappy_block.h"
#include "engine/remote/xor_chunk.h"

namespace sloburn::remote {
namespace {

constexpr std::string_view kStreamedType = "application/x-streamed-protobuf";
constexpr size_t kShownBytes = 64;  // of an answer that cannot be read

// Chunks of one series may overlap where the server holds out-of-order data.
template <typename AnySample>
void SortAndCut(std::vector<AnySample>& samples, const ReadQuery& query) {
  std::erase_if(samples, [&](const AnySample& sample) {
    return sample.timestamp_ms < query.start_ms || sample.timestamp_ms > query.end_ms;
  });
  const auto by_time = [](const AnySample& a, const AnySample& b) {
    return a.timestamp_ms < b.timestamp_ms;
  };
  if (!std::is_sorted(samples.begin(), samples.end(), by_time)) {
    std::stable_sort(samples.begin(), samples.end(), by_time);
  }
  const auto same_time = [](const AnySample& a, const AnySample& b) {
    return a.timestamp_ms == b.timestamp_ms;
  };
  samples.erase(std::unique(samples.begin(), samples.end(), same_time), samples.end());
}

// Hands a series on, unless nothing of it is within its query's range.
absl::Status Deliver(ReadSeries series, const ReadQuery& query, const SeriesReceiver& receive,
                     ReadStats& stats) {
  SortAndCut(series.samples, query);
  SortAndCut(series.histograms, query);
  if (series.samples.empty() && series.histograms.empty() && series.status.ok()) {
    return absl::OkStatus();
  }
  ++stats.series;
  stats.samples += std::ssize(series.samples) + std::ssize(series.histograms);
  return receive(std::move(series));
}

// Joins the frames of one series and hands each series on when the next begins.
class SeriesAssembler {
 public:
  SeriesAssembler(const std::vector<ReadQuery>& queries, const RemoteReadOptions& options,
                  const SeriesReceiver& receive, ReadStats& stats)
      : queries_(queries), options_(options), receive_(receive), stats_(stats) {}

  absl::Status AddFrame(std::string_view payload) {
    ++stats_.frames;
    absl::StatusOr<ChunkedReadResponse> frame = DecodeChunkedReadResponse(payload, options_.limits);
    if (absl::IsInvalidArgument(frame.status())) {
      return absl::DataLossError(StrCat(
          "remote read: frame ", stats_.frames, ": ",
          std::string_view(frame.status().message().data(), frame.status().message().size())));
    }
    RETURN_IF_ERROR(frame.status());
    if (frame->query_index < 0 || static_cast<size_t>(frame->query_index) >= queries_.size()) {
      return absl::DataLossError(
          StrCat("remote read: frame ", stats_.frames, " answers a query that was not asked"));
    }
    const auto query_index = static_cast<size_t>(frame->query_index);
    for (ChunkedSeries& series : frame->series) RETURN_IF_ERROR(Add(query_index, series));
    return absl::OkStatus();
  }

  absl::Status Finish() {
    if (!current_) return absl::OkStatus();
    ReadSeries series = *std::move(current_);
    current_.reset();
    const ReadQuery& query = queries_[series.query_index];
    series.samples = std::move(decoded_.floats);
    series.histograms = std::move(decoded_.histograms);
    decoded_ = {};
    size_ = 0;
    return Deliver(std::move(series), query, receive_, stats_);
  }

 private:
  absl::Status Add(size_t query_index, ChunkedSeries& series) {
    if (!current_ || current_->query_index != query_index || !(current_->labels == series.labels)) {
      RETURN_IF_ERROR(Finish());
      current_ = ReadSeries{query_index, std::move(series.labels)};
    }
    const ReadQuery& query = queries_[query_index];
    for (const EncodedChunk& chunk : series.chunks) {
      ++stats_.chunks;
      const size_t histograms = decoded_.histograms.size();
      const absl::Status status = DecodeChunk(chunk.encoding, chunk.data, decoded_);
      for (size_t i = histograms; i < decoded_.histograms.size(); ++i) {
        size_ += static_cast<size_t>(decoded_.histograms[i].histogram->SizeInSamples());
      }
      if (!status.ok() && !absl::IsDataLoss(status)) {
        const bool is_inside = chunk.max_ms >= query.start_ms && chunk.min_ms <= query.end_ms;
        if (current_->status.ok() && is_inside) current_->status = status;
      } else if (!status.ok()) {
        return absl::DataLossError(
            StrCat("remote read: series ", current_->labels.ToString(), ": ",
                   std::string_view(status.message().data(), status.message().size())));
      }
      if (decoded_.floats.size() + size_ > options_.limits.max_samples) {
        return absl::ResourceExhaustedError(
            StrCat("remote read: series ", current_->labels.ToString(),
                   " has more than the limit of ", options_.limits.max_samples, " samples"));
      }
    }
    return absl::OkStatus();
  }

  const std::vector<ReadQuery>& queries_;
  const RemoteReadOptions& options_;
  const SeriesReceiver& receive_;
  ReadStats& stats_;
  std::optional<ReadSeries> current_;
  DecodedSamples decoded_;  // of current_
  size_t size_ = 0;         // of its histograms, in samples
};

}  // namespace

RemoteReader::RemoteReader(HttpClient* client, RemoteReadOptions options, std::string path)
    : client_(client), options_(options), path_(std::move(path)) {}

absl::Status RemoteReader::ToStatus(const HttpResponse& response) const {
  const absl::Status status = client_->ToStatus(response, path_);
  if (status.ok()) return status;
  const bool says_unsupported = absl::StrContains(response.body, "unsupported") ||
                                absl::StrContains(response.body, "not supported") ||
                                absl::StrContains(response.body, "not implemented");
  switch (response.status) {
    case 404:
    case 405:
    case 415:
    case 501:
      return absl::UnimplementedError(status.message());
    case 400:
      if (absl::StrContains(response.body, "sample limit")) {
        return absl::ResourceExhaustedError(status.message());
      }
      if (says_unsupported) return absl::UnimplementedError(status.message());
  }
  return status;
}

absl::Status RemoteReader::ReadSampled(const HttpResponse& response,
                                       const std::vector<ReadQuery>& queries,
                                       const SeriesReceiver& receive, ReadStats& stats) const {
  stats.bytes = static_cast<int64_t>(response.body.size());
  absl::StatusOr<std::string> message =
      SnappyDecompress(response.body, options_.max_decoded_bytes);
  if (absl::IsInvalidArgument(message.status())) {
    return absl::InvalidArgumentError(
        StrCat("not a remote read answer (content type ",
               GoQuote(response.Header("content-type")), ", body ",
               GoQuote(std::string_view(response.body).substr(0, kShownBytes)),
               "): ", std::string(message.status().message()),
               "; is the source's url that of a Prometheus API?"));
  }
  RETURN_IF_ERROR(message.status());
  ASSIGN_OR_RETURN(std::vector<SampledSeries> all, DecodeReadResponse(*message, options_.limits));
  for (SampledSeries& sampled : all) {
    if (sampled.query_index >= queries.size()) {
      return absl::DataLossError("remote read: an answer to a query that was not asked");
    }
    ReadSeries series{sampled.query_index, std::move(sampled.series.labels),
                      std::move(sampled.series.samples), std::move(sampled.series.histograms),
                      std::move(sampled.left_out)};
    RETURN_IF_ERROR(Deliver(std::move(series), queries[sampled.query_index], receive, stats));
  }
  return absl::OkStatus();
}

absl::StatusOr<ReadStats> RemoteReader::Read(const std::vector<ReadQuery>& queries,
                                             const SeriesReceiver& receive,
                                             absl::Duration total_timeout) {
  HttpRequest request;
  request.method = "POST";
  request.path = path_;
  request.accept_gzip = false;
  request.total_timeout =
      total_timeout > absl::ZeroDuration() ? total_timeout : options_.total_timeout;
  request.headers = {{"Content-Type", "application/x-protobuf"},
                     {"Content-Encoding", "snappy"},
                     {"X-Prometheus-Remote-Read-Version", "0.1.0"}};
  std::vector<ReadResponseType> accepted = {ReadResponseType::kSamples};
  if (options_.accept_streamed) {
    accepted.insert(accepted.begin(), ReadResponseType::kStreamedXorChunks);
  }
  request.body = SnappyCompress(EncodeReadRequest(queries, accepted));

  ReadStats stats;
  SeriesAssembler assembler(queries, options_, receive, stats);
  FrameSplitter splitter(options_.max_frame_bytes);
  HttpResponse sampled;  // the body of a SAMPLES answer
  const auto on_head = [&](const HttpResponse& head) {
    stats.is_streamed = head.Header("content-type").starts_with(kStreamedType);
    sampled.headers = head.headers;
    return absl::OkStatus();
  };
  const auto on_body = [&](std::string_view piece) -> absl::Status {
    stats.bytes += static_cast<int64_t>(piece.size());
    if (stats.is_streamed) {
      return splitter.Feed(piece,
                           [&](std::string_view frame) { return assembler.AddFrame(frame); });
    }
    if (sampled.body.size() + piece.size() > options_.max_decoded_bytes) {
      return absl::ResourceExhaustedError(
          StrCat("remote read: the answer is larger than ", options_.max_decoded_bytes, " bytes"));
    }
    sampled.body += piece;
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(const HttpResponse response, client_->SendStreamed(request, on_head, on_body));
  RETURN_IF_ERROR(ToStatus(response));
  if (stats.is_streamed) {
    RETURN_IF_ERROR(splitter.Finish());
    RETURN_IF_ERROR(assembler.Finish());
  } else if (absl::Status status = ReadSampled(sampled, queries, receive, stats);
             absl::IsInvalidArgument(status)) {
    return absl::DataLossError(
        StrCat(client_->url().Redacted(), path_, ": ",
               std::string_view(status.message().data(), status.message().size())));
  } else {
    RETURN_IF_ERROR(status);
  }
  return stats;
}

}  // namespace sloburn::remote
