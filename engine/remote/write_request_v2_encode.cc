// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_request_v2_encode.h"

#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <string_view>
#include <unordered_map>

#include "engine/remote/histogram_proto.h"

namespace sloburn::remote {
namespace {

constexpr protozero::pbf_tag_type kSymbols = 4, kTimeseries = 5;

// The texts belong to the labels.
class SymbolTable {
 public:
  uint32_t Ref(std::string_view text) {
    const auto [found, is_new] = refs_.emplace(text, static_cast<uint32_t>(texts_.size()));
    if (is_new) texts_.push_back(text);
    return found->second;
  }

  std::string Encode() const {
    std::string out;
    protozero::pbf_writer request(out);
    for (const std::string_view text : texts_) {
      request.add_string(kSymbols, text.data(), text.size());
    }
    return out;
  }

 private:
  std::vector<std::string_view> texts_ = {""};
  std::unordered_map<std::string_view, uint32_t> refs_ = {{"", 0}};
};

// Sample{1 value 2 timestamp}
void WriteSamples(protozero::pbf_writer& timeseries, const std::vector<Sample>& samples) {
  for (const Sample& sample : samples) {
    protozero::pbf_writer wire(timeseries, 2);
    wire.add_double(1, sample.value);
    wire.add_int64(2, sample.timestamp_ms);
  }
}

void WriteHistograms(protozero::pbf_writer& timeseries,
                     const std::vector<HistogramSample>& samples) {
  for (const HistogramSample& sample : samples) {
    protozero::pbf_writer wire(timeseries, 3);
    WriteHistogram(wire, sample);
  }
}

}  // namespace

// Request{4 symbols 5 timeseries{1 labels_refs 2 samples 3 histograms}}
std::string EncodeWriteRequestV2(const std::vector<SeriesSamples>& series) {
  SymbolTable symbols;
  std::string body;
  protozero::pbf_writer request(body);
  std::vector<uint32_t> refs;
  for (const SeriesSamples& one : series) {
    refs.clear();
    for (const auto& [name, value] : one.labels) {
      refs.push_back(symbols.Ref(name));
      refs.push_back(symbols.Ref(value));
    }
    if (!one.samples.empty()) {
      protozero::pbf_writer timeseries(request, kTimeseries);
      timeseries.add_packed_uint32(1, refs.begin(), refs.end());
      WriteSamples(timeseries, one.samples);
    }
    if (!one.histograms.empty()) {
      protozero::pbf_writer timeseries(request, kTimeseries);
      timeseries.add_packed_uint32(1, refs.begin(), refs.end());
      WriteHistograms(timeseries, one.histograms);
    }
  }
  return symbols.Encode() + body;
}

}  // namespace sloburn::remote
