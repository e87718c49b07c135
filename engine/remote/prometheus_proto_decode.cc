// SPDX-License-Identifier: Apache-2.0
#include <iterator>
#include <optional>
#include <protozero/pbf_reader.hpp>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/remote/histogram_proto.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/proto_fields.h"
#include "engine/remote/wire_labels.h"

namespace sloburn::remote {
namespace {

using protozero::pbf_reader;

std::pair<std::string_view, std::string_view> ReadLabel(pbf_reader label) {
  std::pair<std::string_view, std::string_view> pair;
  while (label.next()) {
    switch (label.tag()) {
      case 1:
        pair.first = ReadBytes(label);
        break;
      case 2:
        pair.second = ReadBytes(label);
        break;
      default:
        label.skip();
    }
  }
  return pair;
}

Sample ReadSample(pbf_reader wire) {
  Sample sample;
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        sample.value = ReadDouble(wire);
        break;
      case 2:
        sample.timestamp_ms = ReadInt64(wire);
        break;
      default:
        wire.skip();
    }
  }
  return sample;
}

absl::Status TooManySamples(const ProtoLimits& limits) {
  return OverLimit("", limits.max_samples, "samples");
}

absl::Status TooManySeries(const ProtoLimits& limits) {
  return OverLimit("", limits.max_series, "series");
}

absl::Status AddLabel(pbf_reader& wire, const ProtoLimits& limits, LabelViews& labels) {
  if (labels.size() >= limits.max_labels_per_series) {
    return OverLimit("a series has ", limits.max_labels_per_series, "labels");
  }
  labels.push_back(ReadLabel(ReadMessage(wire)));
  return absl::OkStatus();
}

struct RawSeries {
  LabelViews labels;
  std::vector<Sample> samples;
  std::vector<HistogramSample> histograms;
  absl::Status histogram_error;  // of the first that is not valid
  int64_t exemplars = 0;
  bool skips_invalid = false;  // histograms that are not valid are left out
};

// TimeSeries{1 labels 2 samples 3 exemplars 4 histograms}. `samples_room` is what the limit leaves.
absl::Status ReadTimeSeries(pbf_reader wire, const ProtoLimits& limits, size_t samples_room,
                            RawSeries& series) {
  series.labels.clear();
  series.samples.clear();
  series.histograms.clear();
  series.histogram_error = absl::OkStatus();
  series.exemplars = 0;
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        RETURN_IF_ERROR(AddLabel(wire, limits, series.labels));
        break;
      case 2:
        if (series.samples.size() + series.histograms.size() >= samples_room) {
          return TooManySamples(limits);
        }
        series.samples.push_back(ReadSample(ReadMessage(wire)));
        break;
      case 3:
        ReadBytes(wire);
        ++series.exemplars;
        break;
      case 4: {
        if (series.samples.size() + series.histograms.size() >= samples_room) {
          return TooManySamples(limits);
        }
        WrittenHistogram histogram = ReadHistogram(ReadMessage(wire));
        series.histogram_error.Update(histogram.verdict);
        if (series.skips_invalid && !histogram.verdict.ok()) break;
        series.histograms.push_back(std::move(histogram.sample));
        break;
      }
      default:
        wire.skip();
    }
  }
  return absl::OkStatus();
}

WrittenMetadata ReadMetadata(pbf_reader wire) {
  WrittenMetadata metadata;
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        metadata.type = ReadEnum(wire);
        break;
      case 2:
        metadata.metric = ReadBytes(wire);
        break;
      case 4:
        metadata.help = ReadBytes(wire);
        break;
      case 5:
        metadata.unit = ReadBytes(wire);
        break;
      default:
        wire.skip();
    }
  }
  return metadata;
}

absl::Status AddWrittenSeries(RawSeries& raw, WriteRequest& request) {
  request.exemplars += raw.exemplars;
  if (auto invalid = FindInvalid(raw.labels)) {
    if (request.invalid_series++ == 0) request.first_invalid = *std::move(invalid);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(raw.histogram_error);
  Labels labels = BuildLabels(raw.labels);
  if (raw.samples.empty() && raw.histograms.empty()) return absl::OkStatus();
  request.samples += static_cast<int64_t>(raw.samples.size() + raw.histograms.size());
  request.histograms += static_cast<int64_t>(raw.histograms.size());
  request.series.push_back(
      // A copy is as large as it must be, and leaves the room for the next series.
      {std::move(labels), raw.samples, std::move(raw.histograms)});
  return absl::OkStatus();
}

absl::Status ReadQueryResult(pbf_reader wire, size_t query_index, const ProtoLimits& limits,
                             size_t& samples, std::vector<SampledSeries>& out) {
  RawSeries raw;
  // Prometheus 3.5 leaves the bounds of custom buckets out of such answers.
  raw.skips_invalid = true;
  while (wire.next()) {
    if (wire.tag() != 1) {
      wire.skip();
      continue;
    }
    if (out.size() >= limits.max_series) return TooManySeries(limits);
    RETURN_IF_ERROR(ReadTimeSeries(ReadMessage(wire), limits, limits.max_samples - samples, raw));
    samples += raw.samples.size() + raw.histograms.size();
    out.push_back({query_index,
                   {BuildLabels(raw.labels), raw.samples, std::move(raw.histograms)},
                   raw.histogram_error});
  }
  return absl::OkStatus();
}

EncodedChunk ReadChunk(pbf_reader wire) {
  EncodedChunk chunk;
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        chunk.min_ms = ReadInt64(wire);
        break;
      case 2:
        chunk.max_ms = ReadInt64(wire);
        break;
      case 3:
        chunk.encoding = ReadEnum(wire);
        break;
      case 4:
        chunk.data = ReadBytes(wire);
        break;
      default:
        wire.skip();
    }
  }
  return chunk;
}

absl::Status ReadChunkedSeries(pbf_reader wire, const ProtoLimits& limits, ChunkedSeries& series) {
  LabelViews labels;
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        RETURN_IF_ERROR(AddLabel(wire, limits, labels));
        break;
      case 2:
        series.chunks.push_back(ReadChunk(ReadMessage(wire)));
        break;
      default:
        wire.skip();
    }
  }
  series.labels = BuildLabels(labels);
  return absl::OkStatus();
}

}  // namespace

std::string_view MetricTypeName(int32_t type) {
  static constexpr std::string_view kNames[] = {"unknown",        "counter", "gauge", "histogram",
                                                "gaugehistogram", "summary", "info",  "stateset"};
  return type >= 0 && static_cast<size_t>(type) < std::size(kNames) ? kNames[type] : kNames[0];
}

absl::StatusOr<WriteRequest> DecodeWriteRequest(std::string_view message,
                                                const ProtoLimits& limits) {
  WriteRequest request;
  RETURN_IF_ERROR(Guard("WriteRequest", [&]() -> absl::Status {
    pbf_reader wire(message.data(), message.size());
    RawSeries raw;
    size_t series = 0;
    while (wire.next()) {
      switch (wire.tag()) {
        case 1:
          if (++series > limits.max_series) return TooManySeries(limits);
          RETURN_IF_ERROR(ReadTimeSeries(ReadMessage(wire), limits,
                                         limits.max_samples - static_cast<size_t>(request.samples),
                                         raw));
          RETURN_IF_ERROR(AddWrittenSeries(raw, request));
          break;
        case 3:
          if (request.metadata.size() >= limits.max_metadata) {
            return OverLimit("metadata of ", limits.max_metadata, "metrics");
          }
          request.metadata.push_back(ReadMetadata(ReadMessage(wire)));
          break;
        default:
          wire.skip();
      }
    }
    return absl::OkStatus();
  }));
  return request;
}

absl::StatusOr<std::vector<SampledSeries>> DecodeReadResponse(std::string_view message,
                                                              const ProtoLimits& limits) {
  std::vector<SampledSeries> series;
  RETURN_IF_ERROR(Guard("ReadResponse", [&]() -> absl::Status {
    pbf_reader wire(message.data(), message.size());
    size_t query_index = 0, samples = 0;
    while (wire.next()) {
      if (wire.tag() != 1) {
        wire.skip();
        continue;
      }
      RETURN_IF_ERROR(ReadQueryResult(ReadMessage(wire), query_index++, limits, samples, series));
    }
    return absl::OkStatus();
  }));
  return series;
}

absl::StatusOr<ChunkedReadResponse> DecodeChunkedReadResponse(std::string_view message,
                                                              const ProtoLimits& limits) {
  ChunkedReadResponse response;
  RETURN_IF_ERROR(Guard("ChunkedReadResponse", [&]() -> absl::Status {
    pbf_reader wire(message.data(), message.size());
    while (wire.next()) {
      switch (wire.tag()) {
        case 1:
          if (response.series.size() >= limits.max_series) return TooManySeries(limits);
          RETURN_IF_ERROR(
              ReadChunkedSeries(ReadMessage(wire), limits, response.series.emplace_back()));
          break;
        case 2:
          response.query_index = ReadInt64(wire);
          break;
        default:
          wire.skip();
      }
    }
    return absl::OkStatus();
  }));
  return response;
}

}  // namespace sloburn::remote
