// SPDX-License-Identifier: Apache-2.0
#include "cli/promqltest/unsupported_samples.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sloburn::cli {
namespace {

bool Matches(const Matchers& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(), [&labels](const Matcher& matcher) {
    return matcher.Matches(labels.Get(matcher.name()));
  });
}

// The widest window the selector reads, both ends included.
std::pair<int64_t, int64_t> ReadTimes(const engine::PreparedQuery::Selector& selector,
                                      const TimeRange& range) {
  if (selector.has_at) return {selector.at_min_ms, selector.at_max_ms};
  return {range.start_ms - selector.oldest_ms,
          std::max(range.start_ms, range.end_ms) - selector.newest_ms};
}

}  // namespace

void UnsupportedSamples::Add(const LoadCommand& load, const ScriptSeries& series) {
  if (!series.has_start_timestamps) return;
  std::vector<int64_t> times_ms;
  for (size_t i = 0; i < series.values.size(); ++i) {
    if (!series.values[i].is_omitted) times_ms.push_back(load.step_ms * static_cast<int64_t>(i));
  }
  series_.push_back({series.labels, "start timestamps", std::move(times_ms)});
}

std::optional<std::string> UnsupportedSamples::ReasonFor(const engine::PreparedQuery& query,
                                                         const TimeRange& range) const {
  for (const auto& selector : query.selectors()) {
    const auto [min_ms, max_ms] = ReadTimes(selector, range);
    for (const Series& series : series_) {
      const auto first = std::lower_bound(series.times_ms.begin(), series.times_ms.end(), min_ms);
      const bool is_in_window = first != series.times_ms.end() && *first <= max_ms;
      if (is_in_window && Matches(selector.matchers, series.labels)) return series.reason;
    }
  }
  return std::nullopt;
}

}  // namespace sloburn::cli
