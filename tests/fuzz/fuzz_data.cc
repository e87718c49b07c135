// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz_data.h"

#include "base/check.h"
#include "cli/promqltest/script.h"

namespace sloburn {
namespace {

constexpr char kScript[] = R"(load 30s
  c{a="x",b="1",instance="i1"} 0+1.5x20 2+3x18 1+0.1x18
  c{a="x",b="2",instance="i2"} 5+7x59
  c{a="y",b="1",instance="i1"} 0x10 1+1x40
  g{a="x",b="1"} 1 -2 0.5 NaN 3 stale _x3 7 8 -0 Inf 1e-300 2-0.3x44
  g{a="y",b="2"} -1x8 Inf -Inf 5+0.25x48
  g{a="y",b="1"} 0.1x59
  h{a="x"} {{schema:0 sum:5 count:4 buckets:[1 2 1]}}+{{schema:0 sum:1 count:2 buckets:[1 0 1]}}x40 {{schema:0 sum:1 count:1 buckets:[1]}}x17
  h{a="y"} {{schema:2 sum:3 count:6 z_bucket:1 z_bucket_w:0.01 buckets:[2 1] n_buckets:[2]}}x30 _x5 {{schema:1 sum:9 count:9 buckets:[4 5]}}x20
  h{a="z"} {{schema:-53 sum:5 count:5 custom_values:[1 5] buckets:[2 2 1]}}x50
  m{a="x"} 1+1x20 {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x10 3x20
  m{a="y"} {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x20 1x20
  h_bucket{a="x",le="0.1"} 0+1x59
  h_bucket{a="x",le="1"} 0+3x59
  h_bucket{a="x",le="+Inf"} 0+4x59
  h_bucket{a="y",le="0.1"} 0+2x59
  h_bucket{a="y",le="1"} 0+1x59
  h_bucket{a="y",le="+Inf"} 0+2x59
  gappy{a="x"} 1 _x12 2 _x20 3 stale _x5 4 5 6
  target_info{instance="i1",region="r"} 1x59
  target_info{instance="i2",region="s"} 1x30 stale
)";

std::unique_ptr<MemoryStorage> Load() {
  const auto commands = cli::ParseScript("fuzz_data", kScript);
  CHECK(commands.ok());
  const auto& load = std::get<cli::LoadCommand>(commands->front());
  auto storage = std::make_unique<MemoryStorage>();
  const auto appender = storage->NewAppender();
  for (const cli::ScriptSeries& series : load.series) {
    for (size_t i = 0; i < series.values.size(); ++i) {
      const cli::ScriptValue& value = series.values[i];
      if (value.is_omitted) continue;
      const int64_t time_ms = load.step_ms * static_cast<int64_t>(i);
      CHECK(appender->AppendStarted(series.labels, time_ms, 0, value.value, value.histogram).ok());
    }
  }
  CHECK(appender->Commit().ok());
  return storage;
}

}  // namespace

const MemoryStorage& FuzzData() {
  static const MemoryStorage* const storage = Load().release();
  return *storage;
}

}  // namespace sloburn
