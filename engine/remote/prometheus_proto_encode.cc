// SPDX-License-Identifier: Apache-2.0
#include <protozero/pbf_writer.hpp>

#include "engine/remote/histogram_proto.h"
#include "engine/remote/prometheus_proto.h"

namespace sloburn::remote {
namespace {

uint32_t WireType(parser::MatchType type) {
  switch (type) {
    case parser::MatchType::kEqual:
      return 0;
    case parser::MatchType::kNotEqual:
      return 1;
    case parser::MatchType::kRegex:
      return 2;
    case parser::MatchType::kNotRegex:
      return 3;
  }
  return 0;
}

}  // namespace

// WriteRequest{1 timeseries{1 labels{1 name 2 value} 2 samples{1 value:double 2 time:int64}
//                           4 histograms}}
std::string EncodeWriteRequest(const std::vector<SeriesSamples>& series) {
  std::string out;
  protozero::pbf_writer request(out);
  for (const SeriesSamples& one : series) {
    protozero::pbf_writer timeseries(request, 1);
    for (const auto& [name, value] : one.labels) {
      protozero::pbf_writer label(timeseries, 1);
      label.add_string(1, name.data(), name.size());
      label.add_string(2, value.data(), value.size());
    }
    for (const Sample& sample : one.samples) {
      protozero::pbf_writer wire(timeseries, 2);
      wire.add_double(1, sample.value);
      wire.add_int64(2, sample.timestamp_ms);
    }
    for (const HistogramSample& sample : one.histograms) {
      protozero::pbf_writer wire(timeseries, 4);
      WriteHistogram(wire, sample);
    }
  }
  return out;
}

// ReadRequest{1 queries{1 start 2 end 3 matchers{1 type 2 name 3 value}} 2 accepted types}
std::string EncodeReadRequest(const std::vector<ReadQuery>& queries,
                              const std::vector<ReadResponseType>& accepted) {
  std::string out;
  protozero::pbf_writer request(out);
  for (const ReadQuery& query : queries) {
    protozero::pbf_writer wire(request, 1);
    wire.add_int64(1, query.start_ms);
    wire.add_int64(2, query.end_ms);
    for (const Matcher& matcher : query.matchers) {
      protozero::pbf_writer wire_matcher(wire, 3);
      wire_matcher.add_enum(1, static_cast<int32_t>(WireType(matcher.type())));
      wire_matcher.add_string(2, matcher.name());
      wire_matcher.add_string(3, matcher.value());
    }
  }
  for (const ReadResponseType type : accepted) request.add_enum(2, static_cast<int32_t>(type));
  return out;
}

}  // namespace sloburn::remote
