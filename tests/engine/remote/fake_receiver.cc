// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/remote/fake_receiver.h"

#include <algorithm>

#include "base/check.h"
#include "base/str_cat.h"
#include "engine/remote/prometheus_proto.h"
#include "engine/remote/snappy_block.h"
#include "engine/remote/write_request_v2.h"

namespace sloburn::remote {
namespace {

std::vector<SeriesSamples> DecodeV2(const std::string& bytes) {
  std::vector<SeriesSamples> all;
  const auto request = WriteRequestV2::Parse(bytes, {});
  CHECK(request.ok());
  const absl::Status status = request->Visit([&](const SymbolizedSeries& series) {
    const auto labels = request->Labels(series.label_refs);
    CHECK(labels.ok());
    std::vector<Label> pairs;
    for (const auto& [name, value] : *labels) {
      pairs.push_back({std::string(name), std::string(value)});
    }
    SeriesSamples& one = all.emplace_back();
    one.labels = Labels::FromPairs(pairs);
    for (const StartedSample& s : series.samples) one.samples.push_back({s.timestamp_ms, s.value});
    for (const WrittenHistogram& h : series.histograms) one.histograms.push_back(h.sample);
    return absl::OkStatus();
  });
  CHECK(status.ok());
  return all;
}

}  // namespace

WriteMessage MessageOf(const FakeRequest& request) {
  const auto message = WriteMessageOf(request.Header("content-type"));
  CHECK(message.ok());
  return *message;
}

std::vector<SeriesSamples> DecodeSeries(const FakeRequest& request) {
  const auto bytes = SnappyDecompress(request.body, 32 << 20);
  CHECK(bytes.ok());
  if (MessageOf(request) == WriteMessage::kVersion2) return DecodeV2(*bytes);
  auto message = DecodeWriteRequest(*bytes, {});
  CHECK(message.ok());
  return std::move(message->series);
}

FakeReceiver::FakeReceiver(Before before)
    : before_(std::move(before)),
      server_([this](const FakeRequest& request) { return Handle(request); }) {}

FakeAnswer FakeReceiver::Handle(const FakeRequest& request) {
  const auto fault = before_ ? before_(number_++, request) : std::nullopt;
  if (!fault) return Take(request);
  if (fault->stores_first) Take(request);
  return fault->answer;
}

FakeAnswer FakeReceiver::Take(const FakeRequest& request) {
  const bool is_v2 = MessageOf(request) == WriteMessage::kVersion2;
  absl::MutexLock lock(&mutex_);
  Store changed = store_;
  int64_t floats = 0, histograms = 0;
  std::string errors;
  for (const SeriesSamples& series : DecodeSeries(request)) {
    const std::string name = series.labels.ToString();
    const auto add = [&](int64_t time, const std::string& value, int64_t& count) {
      auto& samples = changed[name];
      const char* error = nullptr;
      if (series.labels.Has(kBadLabel)) {
        error = "bad series";
      } else if (!samples.empty() && time < samples.back().first) {
        error = "out of order sample";
      } else if (!samples.empty() && time == samples.back().first) {
        if (samples.back().second != value) error = "duplicate sample for timestamp";
      } else {
        samples.emplace_back(time, value);
      }
      if (error == nullptr) {
        ++count;
      } else if (is_v2 || errors.empty()) {
        StrAppend(&errors, error, is_v2 ? StrCat(" for series ", name) : "", "\n");
      }
    };
    for (const Sample& s : series.samples) add(s.timestamp_ms, StrCat(s.value), floats);
    for (const HistogramSample& s : series.histograms) add(s.timestamp_ms, "h", histograms);
  }
  std::erase_if(changed, [](const auto& series) { return series.second.empty(); });
  if (is_v2 || errors.empty()) store_ = std::move(changed);
  const std::string headers =
      is_v2 ? StrCat("X-Prometheus-Remote-Write-Samples-Written: ", floats,
                     "\r\nX-Prometheus-Remote-Write-Histograms-Written: ", histograms, "\r\n")
            : "";
  return Answer(errors.empty() ? 204 : 400, errors, headers);
}

std::map<std::string, std::vector<std::string>> FakeReceiver::Stored() const {
  std::map<std::string, std::vector<std::string>> texts;
  absl::MutexLock lock(&mutex_);
  for (const auto& [name, samples] : store_) {
    for (const auto& [time, value] : samples) texts[name].push_back(StrCat(time, "=", value));
  }
  return texts;
}

}  // namespace sloburn::remote
