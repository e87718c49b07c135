// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/unsupported_samples.h"

#include <gtest/gtest.h>

namespace sloburn::cli {
namespace {

std::string ReasonFor(std::string_view script, std::string_view query, int64_t time_ms) {
  const auto commands = ParseScript("x.test", script);
  if (!commands.ok()) return std::string(commands.status().message());
  const auto& load = std::get<LoadCommand>(commands->front());
  UnsupportedSamples samples;
  for (const ScriptSeries& series : load.series) samples.Add(load, series);
  const auto prepared = engine::Prepare(query, {});
  if (!prepared.ok()) return std::string(prepared.status().message());
  return samples.ReasonFor(*prepared, TimeRange::Instant(time_ms)).value_or("none");
}

constexpr int64_t kMinuteMs = 60'000;

TEST(UnsupportedSamples, NativeHistogramsInTheWindow) {
  const std::string_view script = "load 10m\n  x 1 {{sum:1 count:1}} 2\n  y 1 1 1\n";
  EXPECT_EQ(ReasonFor(script, "x", 10 * kMinuteMs), "native histograms");
  EXPECT_EQ(ReasonFor(script, "sum(x) + 1", 14 * kMinuteMs), "native histograms");
  EXPECT_EQ(ReasonFor(script, "x", 0), "none");
  EXPECT_EQ(ReasonFor(script, "x", 20 * kMinuteMs), "none");
  EXPECT_EQ(ReasonFor(script, "last_over_time(x[15m])", 20 * kMinuteMs), "native histograms");
  EXPECT_EQ(ReasonFor(script, "x offset 10m", 20 * kMinuteMs), "native histograms");
  EXPECT_EQ(ReasonFor(script, "x @ 600", 0), "native histograms");
  EXPECT_EQ(ReasonFor(script, "y", 10 * kMinuteMs), "none");
}

TEST(UnsupportedSamples, StartTimestamps) {
  const std::string_view script = "load 1m\n  x{}@st -1m -1m\n  x 1 2\n";
  EXPECT_EQ(ReasonFor(script, "x", 0), "start timestamps");
}

TEST(UnsupportedSamples, ConvertedHistogramsGoByTheirBaseName) {
  const std::string_view script =
      "load_with_nhcb 1m\n  h_bucket{le=\"1\"} 1\n  h_bucket{le=\"+Inf\"} 2\n  other 1\n";
  EXPECT_EQ(ReasonFor(script, "histogram_quantile(0.5, h)", 0), "load_with_nhcb");
  EXPECT_EQ(ReasonFor(script, "{__name__=~\"h.*\"}", 0), "load_with_nhcb");
  EXPECT_EQ(ReasonFor(script, "histogram_quantile(0.5, h_bucket)", 0), "none");
  EXPECT_EQ(ReasonFor(script, "other", 0), "none");
}

TEST(CustomBucketLabels, OnlyOfClassicHistograms) {
  const auto labels = [](std::string name, std::string le) {
    const auto base = CustomBucketLabels(
        Labels::FromPairs({{"__name__", std::move(name)}, {"le", std::move(le)}, {"a", "b"}}));
    return base ? base->ToString() : "none";
  };
  EXPECT_EQ(labels("h_bucket", "1"), "h{a=\"b\"}");
  EXPECT_EQ(labels("h_count", ""), "h{a=\"b\"}");
  EXPECT_EQ(labels("h_sum", ""), "h{a=\"b\"}");
  EXPECT_EQ(labels("h_bucket", ""), "none");
  EXPECT_EQ(labels("h", ""), "none");
}

}  // namespace
}  // namespace sloburn::cli
