// SPDX-License-Identifier: Apache-2.0
// OpenMetrics and the older text format: the first byte chooses. A sample that was read is written,
// and read again as the same.
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "engine/openmetrics/metrics_text_parser.h"
#include "engine/openmetrics/openmetrics_writer.h"

namespace sloburn::openmetrics {
namespace {

// Times that a float of seconds can tell to the millisecond.
constexpr int64_t kMostMs = 4'000'000'000'000;

void CheckWritten(const SeriesSample& sample) {
  CHECK(sample.labels.Has(kMetricName));
  if (sample.timestamp_ms < -kMostMs || sample.timestamp_ms > kMostMs) return;
  std::string text;
  OpenMetricsWriter writer(&text);
  writer.BeginSeries(sample.labels);
  writer.AddSample(sample.timestamp_ms, sample.value);
  text.pop_back();
  MetricsTextParser parser(MetricsTextFormat::kOpenMetrics);
  const auto kind = parser.Parse(text);
  CHECK(kind.ok() && *kind == LineKind::kSample);
  CHECK(parser.sample().labels == sample.labels);
  CHECK(parser.sample().timestamp_ms == sample.timestamp_ms);
  CHECK(std::bit_cast<uint64_t>(parser.sample().value) == std::bit_cast<uint64_t>(sample.value));
}

}  // namespace
}  // namespace sloburn::openmetrics

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sloburn::openmetrics;
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  MetricsTextParser parser(data[0] % 2 == 0 ? MetricsTextFormat::kOpenMetrics
                                            : MetricsTextFormat::kPrometheus);
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const auto kind = parser.Parse(text.substr(0, end));
    if (!kind.ok()) return 0;
    if (*kind == LineKind::kSample) CheckWritten(parser.sample());
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  (void)parser.Finish().ok();
  return 0;
}
