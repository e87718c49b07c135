// SPDX-License-Identifier: Apache-2.0
// A query gives the same to the last bit whether the planner's optimising passes run or not.
#include <cstdint>
#include <cstdio>

#include "base/check.h"
#include "engine/engine.h"
#include "engine/result_difference.h"
#include "tests/fuzz/fuzz_data.h"
#include "tests/fuzz/query_generator.h"

namespace sloburn {
namespace {

engine::QueryOptions OptionsOf(ByteSource& bytes) {
  engine::QueryOptions options;
  options.parse.enable_experimental_functions = true;
  options.parse.enable_extended_range_selectors = true;
  options.parse.enable_binop_fill_modifiers = true;
  options.delayed_name_removal = bytes.Flip();
  options.use_start_timestamps = bytes.Flip();
  options.lookback_delta = bytes.Flip() ? absl::Minutes(5) : absl::Seconds(70);
  return options;
}

TimeRange RangeOf(ByteSource& bytes) {
  constexpr int64_t kStarts[] = {600'000, 0, 301'000, -60'000, 1'500'000};
  constexpr int64_t kSteps[] = {60'000, 30'000, 7'000, 400'000};
  const int64_t start_ms = kStarts[bytes.Pick(5)];
  const int64_t step_ms = kSteps[bytes.Pick(4)];
  const int64_t more = static_cast<int64_t>(bytes.Pick(8));
  return more == 0 ? TimeRange::Instant(start_ms)
                   : TimeRange{start_ms, start_ms + more * step_ms, step_ms};
}

absl::StatusOr<engine::QueryResult> Run(const std::string& text, const TimeRange& range,
                                        const engine::QueryOptions& options) {
  auto query = engine::Prepare(text, options);
  if (!query.ok()) return query.status();
  return engine::Execute(*query, *FuzzData().TakeSnapshot(), range, options);
}

}  // namespace
}  // namespace sloburn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sloburn;  // NOLINT: one short function
  ByteSource bytes(std::string_view(reinterpret_cast<const char*>(data), size));
  const engine::QueryOptions on = OptionsOf(bytes);
  engine::QueryOptions off = on;
  off.plan = engine::PlanOptions::NoPasses();
  const TimeRange range = RangeOf(bytes);
  const std::string text = GenerateQuery(bytes);
  const std::string difference =
      engine::DescribeDifference(Run(text, range, on), Run(text, range, off));
  if (!difference.empty()) {
    std::fprintf(stderr, "%s\nfrom %lld to %lld step %lld ms: %s\n", text.c_str(),
                 static_cast<long long>(range.start_ms), static_cast<long long>(range.end_ms),
                 static_cast<long long>(range.step_ms), difference.c_str());
  }
  CHECK(difference.empty());
  return 0;
}
