// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/remote/fake_prometheus.h"

#include <cmath>
#include <cstdlib>
#include <protozero/pbf_reader.hpp>

#include "base/check.h"
#include "base/float_text.h"
#include "base/str_cat.h"
#include "engine/model/stale.h"
#include "engine/remote/query_api.h"
#include "engine/remote/snappy_block.h"
#include "tests/engine/remote/prometheus_wire.h"

namespace sloburn::remote {
namespace {

constexpr int64_t kLookbackMs = 300'000;

ReadQuery DecodeQuery(protozero::pbf_reader wire) {
  ReadQuery query;
  while (wire.next()) {
    if (wire.tag() == 1) {
      query.start_ms = wire.get_int64();
    } else if (wire.tag() == 2) {
      query.end_ms = wire.get_int64();
    } else {
      protozero::pbf_reader matcher = wire.get_message();
      parser::MatchType type = parser::MatchType::kEqual;
      std::string name, value;
      while (matcher.next()) {
        if (matcher.tag() == 1) {
          static constexpr parser::MatchType kTypes[] = {
              parser::MatchType::kEqual, parser::MatchType::kNotEqual, parser::MatchType::kRegex,
              parser::MatchType::kNotRegex};
          type = kTypes[matcher.get_enum()];
        } else {
          std::string& text = matcher.tag() == 2 ? name : value;
          text = matcher.get_string();
        }
      }
      query.matchers.push_back(*Matcher::Create(type, name, value));
    }
  }
  return query;
}

std::string Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out +=
          static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string Parameter(std::string_view form, std::string_view name) {
  const size_t at = StrCat("&", form).find(StrCat("&", name, "="));
  CHECK(at != std::string_view::npos);
  const std::string_view rest = form.substr(at + name.size() + 1);
  return Unescape(rest.substr(0, rest.find('&')));
}

std::string MetricJson(const Labels& labels) {
  std::string json;
  for (const auto& [name, value] : labels) {
    StrAppend(&json, json.empty() ? "{" : ",", "\"", name, "\":\"", value, "\"");
  }
  return json.empty() ? "{}" : json + "}";
}

std::string SampleJson(int64_t time_ms, double value) {
  std::string json = StrCat("[", FormatSeconds(time_ms), ",\"");
  AppendSampleValue(json, value);
  return json + "\"]";
}

}  // namespace

FakePrometheus::FakePrometheus()
    : server_([this](const FakeRequest& request) { return Handle(request); }) {}

void FakePrometheus::Add(const Labels& labels, int64_t time_ms, double value) {
  SeriesSamples& series = series_[labels.ToString()];
  series.labels = labels;
  auto place = series.samples.end();
  while (place != series.samples.begin() && std::prev(place)->timestamp_ms > time_ms) --place;
  series.samples.insert(place, {time_ms, value});
}

void FakePrometheus::Know(std::string selector, Matchers matchers) {
  forgotten_.erase(selector);
  selectors_[std::move(selector)] = std::move(matchers);
}

std::vector<SeriesSamples> FakePrometheus::Select(const Matchers& matchers, int64_t from_ms,
                                                  int64_t to_ms) const {
  std::vector<SeriesSamples> found;
  for (const auto& [text, series] : series_) {
    bool matches = true;
    for (const Matcher& matcher : matchers) {
      matches = matches && matcher.Matches(series.labels.Get(matcher.name()));
    }
    if (!matches) continue;
    SeriesSamples cut{series.labels, {}};
    for (const Sample& sample : series.samples) {
      if (sample.timestamp_ms >= from_ms && sample.timestamp_ms <= to_ms &&
          sample.timestamp_ms <= hide_newer_than_ms) {
        cut.samples.push_back(sample);
      }
    }
    if (!cut.samples.empty()) found.push_back(std::move(cut));
  }
  return found;
}

FakeAnswer FakePrometheus::Handle(const FakeRequest& request) {
  if (failures > 0) {
    --failures;
    FakeAnswer refusal = Answer(503, "not now");
    refusal.delay = delay;
    return refusal;
  }
  FakeAnswer answer = request.target != "/api/v1/read" ? Query(request)
                      : has_remote_read                ? Read(request)
                                                       : Answer(404, "404 page not found");
  answer.delay = delay;
  return answer;
}

FakeAnswer FakePrometheus::Read(const FakeRequest& request) const {
  const std::string message = *SnappyDecompress(request.body, 1 << 20);
  protozero::pbf_reader wire(message);
  std::string body;
  uint64_t query_index = 0;
  int64_t samples = 0;
  while (wire.next(1)) {
    const ReadQuery query = DecodeQuery(wire.get_message());
    if (forgotten_.contains(SelectorText(query.matchers))) {
      return Answer(400, "unknown selector");
    }
    for (const SeriesSamples& series : Select(query.matchers, query.start_ms, query.end_ms)) {
      samples += static_cast<int64_t>(series.samples.size());
      std::vector<Label> labels;
      for (const auto& [name, value] : series.labels) {
        labels.push_back({std::string(name), std::string(value)});
      }
      const std::string chunk = ChunkMessage(series.samples, 1, XorChunk(series.samples));
      body += Frame(BytesField(1, LabelFields(labels) + BytesField(2, chunk)) +
                    VarintField(2, query_index));
    }
    ++query_index;
  }
  if (samples > sample_limit)
    return Answer(400, StrCat("exceeded sample limit (", sample_limit, ")"));
  return Answer(200, body, "Content-Type: application/x-streamed-protobuf\r\n");
}

FakeAnswer FakePrometheus::Query(const FakeRequest& request) const {
  const std::string query = Parameter(request.body, "query");
  const int64_t time_ms = std::llround(std::atof(Parameter(request.body, "time").c_str()) * 1000);
  const size_t bracket = query.find('[');
  const auto known = selectors_.find(query.substr(0, bracket));
  if (known == selectors_.end()) {
    return Answer(400, R"({"status":"error","errorType":"bad_data","error":"unknown selector"})");
  }
  std::string rows;
  int64_t samples = 0;
  if (bracket != std::string::npos) {
    const int64_t range_ms = std::atoll(query.c_str() + bracket + 1);
    for (const SeriesSamples& series : Select(known->second, time_ms - range_ms + 1, time_ms)) {
      std::string values;
      for (const Sample& sample : series.samples) {
        if (IsStale(sample.value)) continue;
        ++samples;
        StrAppend(&values, values.empty() ? "" : ",",
                  SampleJson(sample.timestamp_ms, sample.value));
      }
      if (values.empty()) continue;
      StrAppend(&rows, rows.empty() ? "" : ",", "{\"metric\":", MetricJson(series.labels),
                ",\"values\":[", values, "]}");
    }
  } else {
    for (const SeriesSamples& series : Select(known->second, time_ms - kLookbackMs + 1, time_ms)) {
      if (IsStale(series.samples.back().value)) continue;
      StrAppend(&rows, rows.empty() ? "" : ",", "{\"metric\":", MetricJson(series.labels),
                ",\"value\":", SampleJson(time_ms, series.samples.back().value), "}");
    }
  }
  if (samples > sample_limit) {
    return Answer(
        422,
        R"({"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"})");
  }
  return Answer(200, StrCat(R"({"status":"success","data":{"resultType":")",
                            bracket != std::string::npos ? "matrix" : "vector", R"(","result":[)",
                            rows, "]}}"));
}

}  // namespace sloburn::remote
