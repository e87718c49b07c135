// SPDX-License-Identifier: Apache-2.0
// Nanoseconds per parser::Parse, the tree's destruction included, for expressions as they stand in
// rule files: the best of many short batches, because machines are shared.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "base/check.h"
#include "parser/parser.h"

namespace sloburn {
namespace {

struct Case {
  const char* name;
  std::string text;
};

std::vector<Case> Cases() {
  std::string chain = "a0";
  for (int i = 1; i < 200; ++i) chain += " or a" + std::to_string(i);
  return {
      {"selector", "up{job=\"node\"}"},
      {"rate", "sum by (job) (rate(http_requests_total{code=~\"5..\"}[5m]))"},
      {"slo ratio",
       "sum(rate(stoa_http_requests_total{service=\"checkout\",status=~\"5..\"}[30m]))\n"
       "/ sum(rate(stoa_http_requests_total{service=\"checkout\"}[30m])) * 100000"},
      {"burn alert",
       "slo:sli_error:ratio_rate1h{service=\"checkout\"} > (14.4 * 0.001)\n"
       "and slo:sli_error:ratio_rate5m{service=\"checkout\"} > (14.4 * 0.001)"},
      {"quantile",
       "histogram_quantile(0.99, sum by (le, service) (rate(latency_seconds_bucket[5m]))) > 0.5"},
      {"join",
       "node_memory_free_bytes / on (instance) group_left (zone) node_memory_total_bytes * 100"},
      {"subquery", "max_over_time(sum(rate(requests_total[5m]))[1d:5m] offset 1w @ end())"},
      {"200 operands", chain},
  };
}

double NanosecondsPerParse(const std::string& text) {
  using Clock = std::chrono::steady_clock;
  constexpr int kBatches = 200, kParses = 200;
  double best = 1e18;
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto begin = Clock::now();
    for (int i = 0; i < kParses; ++i) CHECK(parser::Parse(text, {}).ok());
    const std::chrono::duration<double, std::nano> taken = Clock::now() - begin;
    best = std::min(best, taken.count() / kParses);
  }
  return best;
}

}  // namespace
}  // namespace sloburn

int main() {
  std::printf("%-14s %6s %10s\n", "expression", "bytes", "ns/parse");
  for (const sloburn::Case& one : sloburn::Cases()) {
    std::printf("%-14s %6zu %10.0f\n", one.name, one.text.size(),
                sloburn::NanosecondsPerParse(one.text));
  }
  return 0;
}
