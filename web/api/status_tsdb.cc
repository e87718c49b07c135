// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "base/json_writer.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "web/api/api_handler.h"
#include "web/api/endpoints.h"
#include "web/api/parameters.h"

namespace sloburn::web {
namespace {

constexpr int64_t kDefaultLimit = 10;
constexpr int64_t kMaxLimit = 10'000;
constexpr int64_t kMinTime = std::numeric_limits<int64_t>::min();
constexpr int64_t kMaxTime = std::numeric_limits<int64_t>::max();
// How many series are counted between two looks at the cancel flag.
constexpr size_t kCancelCheckInterval = 1024;

// The views are of label sets that the series counted keep alive.
using ValueCounts = std::unordered_map<std::string_view, uint64_t>;

struct StoreStats {
  std::map<std::string_view, ValueCounts> labels;  // name -> value -> series
  uint64_t series = 0, chunks = 0;
  int64_t min_ms = kMaxTime, max_ms = kMinTime;  // as Prometheus tells them of an empty head
};

struct Stat {
  std::string name;
  uint64_t value;
};

absl::StatusOr<int64_t> ReadLimit(const Form& form) {
  const std::string_view text = form.Get("limit");
  if (text.empty()) return kDefaultLimit;
  const absl::StatusOr<int64_t> limit = ParseGoInteger(text, "");
  if (!limit.ok() || *limit < 1) {
    return absl::InvalidArgumentError("limit must be a positive number");
  }
  if (*limit > kMaxLimit) {
    return absl::InvalidArgumentError(StrCat("limit must not exceed ", kMaxLimit));
  }
  return limit;
}

absl::StatusOr<StoreStats> CountSeries(const SeriesSet& set, const Request& request) {
  StoreStats stats;
  stats.series = set.size();
  for (size_t i = 0; i < set.size(); ++i) {
    if (i % kCancelCheckInterval == 0 && request.cancelled->load(std::memory_order_relaxed)) {
      return absl::CancelledError("context canceled");
    }
    const SeriesExtent extent = set[i]->Extent();
    stats.chunks += extent.chunks;
    stats.min_ms = std::min(stats.min_ms, extent.min_ms);
    stats.max_ms = std::max(stats.max_ms, extent.max_ms);
    for (const auto& [name, value] : set[i]->labels()) ++stats.labels[name][value];
  }
  return stats;
}

// Prometheus' estimate: the bytes of both texts and of their lengths, for every series.
uint64_t BytesOf(std::string_view text) { return text.size() + (text.size() < 255 ? 1 : 4); }

// The largest `limit`; equal ones by name, so that an answer can be compared with another.
void AppendLargest(std::string& out, std::string_view key, std::vector<Stat> stats,
                   int64_t limit) {
  const size_t shown = std::min<size_t>(stats.size(), limit);
  std::partial_sort(stats.begin(), stats.begin() + static_cast<ptrdiff_t>(shown), stats.end(),
                    [](const Stat& a, const Stat& b) {
                      return a.value != b.value ? a.value > b.value : a.name < b.name;
                    });
  StrAppend(&out, ",\"", key, "\":[");
  for (size_t i = 0; i < shown; ++i) {
    StrAppend(&out, i > 0 ? "," : "", R"({"name":)");
    AppendJsonString(out, stats[i].name, /*html_escape=*/true);
    StrAppend(&out, R"(,"value":)", stats[i].value, "}");
  }
  out += ']';
}

void AppendStats(std::string& out, const StoreStats& stats, int64_t limit) {
  std::vector<Stat> metrics, values, bytes, pairs;
  size_t pair_count = 0;
  for (const auto& [name, counts] : stats.labels) {
    uint64_t size = 0;
    for (const auto& [value, series] : counts) {
      if (name == kMetricName) metrics.push_back({std::string(value), series});
      pairs.push_back({StrCat(name, "=", value), series});
      size += (BytesOf(name) + BytesOf(value)) * series;
    }
    pair_count += counts.size();
    values.push_back({std::string(name), counts.size()});
    bytes.push_back({std::string(name), size});
  }
  StrAppend(&out, R"({"headStats":{"numSeries":)", stats.series, R"(,"numLabelPairs":)",
            pair_count, R"(,"chunkCount":)", stats.chunks, R"(,"minTime":)", stats.min_ms,
            R"(,"maxTime":)", stats.max_ms, "}");
  AppendLargest(out, "seriesCountByMetricName", std::move(metrics), limit);
  AppendLargest(out, "labelValueCountByLabelName", std::move(values), limit);
  AppendLargest(out, "memoryInBytesByLabelName", std::move(bytes), limit);
  AppendLargest(out, "seriesCountByLabelValuePair", std::move(pairs), limit);
  out += '}';
}

}  // namespace

void AddStatusTsdb(Router& router, const Dependencies& deps) {
  // Every series is looked at: as much work as a query.
  router.Add({"GET"}, "/api/v1/status/tsdb", Lane::kQuery,
             ApiHandler([&deps](const Request& request, const Form& form,
                                std::string& out) -> absl::StatusOr<Notes> {
               ASSIGN_OR_RETURN(const int64_t limit, ReadLimit(form));
               const std::shared_ptr<const Snapshot> snapshot = deps.storage->TakeSnapshot();
               ASSIGN_OR_RETURN(const SeriesSet set, snapshot->Select({}, kMinTime, kMaxTime));
               ASSIGN_OR_RETURN(const StoreStats stats, CountSeries(set, request));
               AppendStats(out, stats, limit);
               return Notes();
             }));
}

}  // namespace sloburn::web
