// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_request_v2.h"

#include <protozero/pbf_reader.hpp>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/remote/proto_fields.h"

namespace sloburn::remote {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr std::string_view kMessageName = "io.prometheus.write.v2.Request";

// Packed, or one by one. Twice `max_labels` at most.
absl::Status ReadRefs(pbf_reader& wire, size_t max_labels, std::vector<uint32_t>& refs) {
  const auto is_full = [&] { return refs.size() >= 2 * max_labels; };
  if (wire.wire_type() == pbf_wire_type::varint) {
    if (is_full()) return OverLimit("a series has ", max_labels, "labels");
    refs.push_back(wire.get_uint32());
    return absl::OkStatus();
  }
  Expect(wire, pbf_wire_type::length_delimited);
  for (const uint32_t ref : wire.get_packed_uint32()) {
    if (is_full()) return OverLimit("a series has ", max_labels, "labels");
    refs.push_back(ref);
  }
  return absl::OkStatus();
}

// Sample{1 value 2 timestamp 3 start_timestamp}
StartedSample ReadSample(pbf_reader wire) {
  StartedSample sample;
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        sample.value = ReadDouble(wire);
        break;
      case 2:
        sample.timestamp_ms = ReadInt64(wire);
        break;
      case 3:
        sample.start_ms = ReadInt64(wire);
        break;
      default:
        wire.skip();
    }
  }
  return sample;
}

// Exemplar{1 labels_refs 2 value 3 timestamp}
absl::Status ReadExemplar(pbf_reader wire, size_t max_labels, SymbolizedExemplar& exemplar) {
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        RETURN_IF_ERROR(ReadRefs(wire, max_labels, exemplar.label_refs));
        break;
      case 2:
        ReadDouble(wire);
        break;
      case 3:
        exemplar.timestamp_ms = ReadInt64(wire);
        break;
      default:
        wire.skip();
    }
  }
  return absl::OkStatus();
}

// Metadata{1 type 3 help_ref 4 unit_ref}
void ReadMetadata(pbf_reader wire, SymbolizedSeries& series) {
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        series.type = ReadEnum(wire);
        break;
      case 3:
        series.help_ref = ReadUint32(wire);
        break;
      case 4:
        series.unit_ref = ReadUint32(wire);
        break;
      default:
        wire.skip();
    }
  }
}

void Clear(SymbolizedSeries& series) {
  series.label_refs.clear();
  series.samples.clear();
  series.histograms.clear();
  series.exemplars.clear();
  series.type = 0;
  series.help_ref = series.unit_ref = 0;
}

// TimeSeries{1 labels_refs 2 samples 3 histograms 4 exemplars 5 metadata}. `room` is what the limit
// of samples leaves, exemplars included.
absl::Status ReadSeries(pbf_reader wire, const ProtoLimits& limits, size_t& room,
                        SymbolizedSeries& series) {
  Clear(series);
  while (wire.next()) {
    if (wire.tag() >= 2 && wire.tag() <= 4) {
      if (room == 0) return OverLimit("", limits.max_samples, "samples");
      --room;
    }
    switch (wire.tag()) {
      case 1:
        RETURN_IF_ERROR(ReadRefs(wire, limits.max_labels_per_series, series.label_refs));
        break;
      case 2:
        series.samples.push_back(ReadSample(ReadMessage(wire)));
        break;
      case 3:
        series.histograms.push_back(ReadHistogram(ReadMessage(wire)));
        break;
      case 4:
        RETURN_IF_ERROR(ReadExemplar(ReadMessage(wire), limits.max_labels_per_series,
                                     series.exemplars.emplace_back()));
        break;
      case 5:
        ReadMetadata(ReadMessage(wire), series);
        break;
      default:
        wire.skip();
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WriteRequestV2> WriteRequestV2::Parse(std::string_view message,
                                                     const ProtoLimits& limits) {
  WriteRequestV2 request(limits);
  RETURN_IF_ERROR(Guard(kMessageName, [&]() -> absl::Status {
    pbf_reader wire(message.data(), message.size());
    while (wire.next()) {
      switch (wire.tag()) {
        case 4:
          if (request.symbols_.size() >= limits.max_symbols) {
            return OverLimit("", limits.max_symbols, "symbols");
          }
          request.symbols_.push_back(ReadBytes(wire));
          break;
        case 5:
          if (request.series_.size() >= limits.max_series) {
            return OverLimit("", limits.max_series, "series");
          }
          request.series_.push_back(ReadBytes(wire));
          break;
        default:
          wire.skip();
      }
    }
    return absl::OkStatus();
  }));
  return request;
}

size_t WriteRequestV2::TextBytes(const SymbolizedSeries& series) const {
  size_t bytes = 0;
  const auto add = [&](uint32_t ref) {
    if (ref < symbols_.size()) bytes += symbols_[ref].size();
  };
  for (const uint32_t ref : series.label_refs) add(ref);
  add(series.help_ref);
  add(series.unit_ref);
  return bytes;
}

absl::Status WriteRequestV2::Visit(
    absl::FunctionRef<absl::Status(const SymbolizedSeries&)> visit) const {
  SymbolizedSeries series;
  size_t room = limits_.max_samples, text_bytes = 0;
  for (const std::string_view message : series_) {
    RETURN_IF_ERROR(Guard(kMessageName, [&] {
      return ReadSeries(pbf_reader(message.data(), message.size()), limits_, room, series);
    }));
    text_bytes += TextBytes(series);
    if (text_bytes > limits_.max_text_bytes) {
      return OverLimit("", limits_.max_text_bytes, "bytes of labels and metadata");
    }
    RETURN_IF_ERROR(visit(series));
  }
  return absl::OkStatus();
}

absl::StatusOr<LabelViews> WriteRequestV2::Labels(const std::vector<uint32_t>& refs) const {
  if (refs.size() % 2 != 0) {
    return absl::InvalidArgumentError(StrCat("invalid labelRefs length ", refs.size()));
  }
  LabelViews labels;
  labels.reserve(refs.size() / 2);
  for (size_t i = 0; i < refs.size(); i += 2) {
    if (refs[i] >= symbols_.size() || refs[i + 1] >= symbols_.size()) {
      return absl::InvalidArgumentError(StrCat("labelRefs ", refs[i], " (name) = ", refs[i + 1],
                                               " (value) outside of symbols table (size ",
                                               symbols_.size(), ")"));
    }
    labels.emplace_back(symbols_[refs[i]], symbols_[refs[i + 1]]);
  }
  return labels;
}

absl::StatusOr<SeriesMetadata> WriteRequestV2::Metadata(const SymbolizedSeries& series) const {
  const auto outside = [this](std::string_view field, uint32_t ref) {
    return absl::InvalidArgumentError(StrCat(
        "metadata ", field, " ", ref, " outside of symbols table (size ", symbols_.size(), ")"));
  };
  if (series.unit_ref >= symbols_.size()) return outside("unit_ref", series.unit_ref);
  if (series.help_ref >= symbols_.size()) return outside("help_ref", series.help_ref);
  return SeriesMetadata{MetricTypeName(series.type), symbols_[series.unit_ref],
                        symbols_[series.help_ref]};
}

}  // namespace sloburn::remote
