// SPDX-License-Identifier: Apache-2.0
#include "web/request_metrics.h"

#include <algorithm>

#include "base/float_text.h"
#include "base/str_cat.h"

namespace sloburn::web {

void RequestMetrics::Observe(std::string_view pattern, int status, double seconds,
                             size_t body_bytes) {
  const std::string_view route = pattern.empty() ? "unknown" : pattern;
  const size_t bucket = std::lower_bound(kBucketSeconds.begin(), kBucketSeconds.end(), seconds) -
                        kBucketSeconds.begin();
  absl::MutexLock lock(&mutex_);
  auto found = routes_.find(route);
  if (found == routes_.end()) found = routes_.emplace(std::string(route), PerRoute{}).first;
  PerRoute& one = found->second;
  ++one.by_code[status];
  ++one.buckets[bucket];
  ++one.count;
  one.total_seconds += seconds;
  one.body_bytes += static_cast<double>(body_bytes);
}

void RequestMetrics::Collect(std::vector<MetricFamily>& families) const {
  MetricFamily requests{
      "sloburn_http_requests_total", "Answered HTTP requests.", MetricType::kCounter, {}};
  MetricFamily duration{"sloburn_http_request_duration_seconds",
                        "Time from the start of the handler to its answer.",
                        MetricType::kHistogram,
                        {}};
  MetricFamily sizes{"sloburn_http_response_size_bytes_total",
                     "Bytes of answer bodies.",
                     MetricType::kCounter,
                     {}};
  absl::MutexLock lock(&mutex_);
  for (const auto& [route, one] : routes_) {
    const Label handler{"handler", route};
    for (const auto& [code, count] : one.by_code) {
      requests.samples.push_back(
          {{{"code", StrCat(code)}, handler}, static_cast<double>(count), ""});
    }
    int64_t cumulative = 0;
    for (size_t i = 0; i <= kBucketSeconds.size(); ++i) {
      cumulative += one.buckets[i];
      const std::string bound =
          i < kBucketSeconds.size() ? FormatFloatG(kBucketSeconds[i]) : "+Inf";
      duration.samples.push_back(
          {{handler, {"le", bound}}, static_cast<double>(cumulative), "_bucket"});
    }
    duration.samples.push_back({{handler}, one.total_seconds, "_sum"});
    duration.samples.push_back({{handler}, static_cast<double>(one.count), "_count"});
    sizes.samples.push_back({{handler}, one.body_bytes, ""});
  }
  families.push_back(std::move(requests));
  families.push_back(std::move(duration));
  families.push_back(std::move(sizes));
}

}  // namespace sloburn::web
