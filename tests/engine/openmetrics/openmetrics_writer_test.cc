// SPDX-License-Identifier: Apache-2.0
#include "engine/openmetrics/openmetrics_writer.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "engine/model/stale.h"
#include "engine/openmetrics/metrics_text_parser.h"

namespace sloburn::openmetrics {
namespace {

TEST(OpenMetricsWriterTest, WritesFamiliesSeriesAndSamples) {
  std::string out;
  OpenMetricsWriter writer(&out);
  writer.BeginFamily("requests", FamilyType::kCounter);
  writer.BeginSeries(Labels::FromPairs(
      {{"__name__", "requests_total"}, {"a", "back\\slash \"q\"\n"}, {"b.c", "é"}}));
  writer.AddSample(1'700'000'000'000, 1);
  writer.AddSample(1'700'000'000'500, 0.1);
  writer.BeginFamily("up", FamilyType::kUnknown);
  writer.BeginSeries(Labels::FromPairs({{"__name__", "up"}}));
  writer.AddSample(0, std::numeric_limits<double>::infinity());
  writer.AddSample(1, std::nan(""));
  writer.BeginFamily("a.b", FamilyType::kGauge);
  writer.BeginSeries(Labels::FromPairs({{"__name__", "a.b"}, {"x", "1"}}));
  writer.AddSample(-1500, -0.0);
  writer.BeginSeries(Labels::FromPairs({{"__name__", "a.b"}}));
  writer.AddSample(-1500, 1e-7);
  writer.End();
  EXPECT_EQ(out,
            "# TYPE requests counter\n"
            "requests_total{a=\"back\\\\slash \\\"q\\\"\\n\",\"b.c\"=\"é\"} 1 1700000000.000\n"
            "requests_total{a=\"back\\\\slash \\\"q\\\"\\n\",\"b.c\"=\"é\"} 0.1 1700000000.500\n"
            "# TYPE up unknown\n"
            "up +Inf 0.000\n"
            "up NaN 0.001\n"
            "# TYPE \"a.b\" gauge\n"
            "{\"a.b\",x=\"1\"} -0 -1.500\n"
            "{\"a.b\"} 1e-07 -1.500\n"
            "# EOF\n");
}

TEST(OpenMetricsWriterTest, PrometheusReadsEveryMillisecond) {
  std::mt19937_64 random(1);
  int longer = 0;
  for (int i = 0; i < 100'000; ++i) {
    int64_t ms = static_cast<int64_t>(random() % 4'000'000'000'000);
    if (i % 10 == 0) ms = -ms;
    const std::string text = TimestampText(ms);
    longer += text.size() - text.find('.') > 4 ? 1 : 0;
    // As Prometheus does it.
    ASSERT_EQ(static_cast<int64_t>(std::strtod(text.c_str(), nullptr) * 1000), ms) << text;
  }
  EXPECT_GT(longer, 0);
  EXPECT_LT(longer, 5000);
  EXPECT_EQ(TimestampText(1'700'000'000'123), "1700000000.123");
}

TEST(OpenMetricsWriterTest, WhatIsWrittenIsReadToTheBit) {
  std::mt19937_64 random(7);
  std::string out;
  OpenMetricsWriter writer(&out);
  writer.BeginFamily("m", FamilyType::kGauge);
  std::vector<SeriesSample> samples;
  int64_t ms = 1'600'000'000'000;
  for (int i = 0; i < 5000; ++i) {
    const Labels labels = Labels::FromPairs(
        {{"__name__", "m"}, {"é.\"\\\n", std::string(1, static_cast<char>(i / 1000 + 1))}});
    ms += 1 + static_cast<int64_t>(random() % 100'000);
    double value = std::bit_cast<double>(random());
    if (std::isnan(value)) value = NormalNan();
    if (i % 1000 == 0) writer.BeginSeries(labels);
    writer.AddSample(ms, value);
    samples.push_back({labels, ms, value});
  }
  writer.End();
  MetricsTextParser parser(MetricsTextFormat::kOpenMetrics);
  std::string_view rest = out;
  size_t read = 0;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const auto kind = parser.Parse(rest.substr(0, end));
    ASSERT_TRUE(kind.ok()) << kind.status() << rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (*kind != LineKind::kSample) continue;
    EXPECT_EQ(parser.sample().labels, samples[read].labels);
    ASSERT_EQ(parser.sample().timestamp_ms, samples[read].timestamp_ms);
    ASSERT_EQ(std::bit_cast<uint64_t>(parser.sample().value),
              std::bit_cast<uint64_t>(samples[read].value));
    ++read;
  }
  EXPECT_EQ(read, samples.size());
  EXPECT_TRUE(parser.Finish().ok());
}

}  // namespace
}  // namespace sloburn::openmetrics
