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

TEST(UnsupportedSamples, StartTimestampsInTheWindow) {
  const std::string_view script = "load 10m\n  x{}@st -1m -1m _\n  x 1 _ 2\n  y 1 1 1\n";
  EXPECT_EQ(ReasonFor(script, "x", 0), "start timestamps");
  EXPECT_EQ(ReasonFor(script, "sum(x) + 1", 4 * kMinuteMs), "start timestamps");
  EXPECT_EQ(ReasonFor(script, "x", 10 * kMinuteMs), "none");
  EXPECT_EQ(ReasonFor(script, "last_over_time(x[15m])", 10 * kMinuteMs), "start timestamps");
  EXPECT_EQ(ReasonFor(script, "x offset 10m", 10 * kMinuteMs), "start timestamps");
  EXPECT_EQ(ReasonFor(script, "x @ 1200", 0), "start timestamps");
  EXPECT_EQ(ReasonFor(script, "y", 10 * kMinuteMs), "none");
}

}  // namespace
}  // namespace sloburn::cli
